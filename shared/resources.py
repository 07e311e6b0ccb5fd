"""What a process uses, and how far its neighbours are: told as distributions, so that replicas need no name each."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import cast

import psutil
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics
from shared.lending import lending_pool
from shared.redis_client import PatientRedis, RedisAway
from shared.silence import silence

LAG_SECONDS, SAMPLE_SECONDS = 1.0, 5.0
MEGABYTE = 1 << 20
ONE = text("SELECT 1")


@asynccontextmanager
async def watched(service: str, engines: Mapping[str, AsyncEngine], redis: PatientRedis) -> AsyncIterator[None]:
    """As long as this is open the process tells what it uses; `engines` by the name of their pool."""
    tasks = [
        asyncio.create_task(_tell_lag(service)),
        asyncio.create_task(_tell_usage(service, engines)),
        asyncio.create_task(_tell_round_trips(service, next(iter(engines.values())), redis)),
    ]
    try:
        yield
    finally:
        await silence(*tasks)


async def _tell_lag(service: str) -> None:
    """How much later than asked for the event loop comes back: what every request waits besides."""
    while True:
        started = time.perf_counter()
        await asyncio.sleep(LAG_SECONDS)
        late = time.perf_counter() - started - LAG_SECONDS
        # A timer may ring a little early; a negative timing is no metric for StatsD.
        metrics.timing(f"resources.{service}.loop_lag", max(late, 0.0) * 1000)


async def _tell_usage(service: str, engines: Mapping[str, AsyncEngine]) -> None:
    process = psutil.Process()
    process.cpu_percent()  # since when the next one counts
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        with suppress(psutil.Error, OSError):  # all of it is read from files, and it may be those that are used up
            metrics.timing(f"resources.{service}.cpu", process.cpu_percent())
            metrics.timing(f"resources.{service}.memory", process.memory_info().rss / MEGABYTE)
            metrics.timing(f"resources.{service}.open_files", process.num_fds())
        for name, engine in engines.items():
            pool = lending_pool(engine)
            metrics.timing(f"resources.{service}.pool.{name}.in_use", pool.in_use())
            metrics.timing(f"resources.{service}.pool.{name}.waiting", pool.waiting())


async def _tell_round_trips(service: str, engine: AsyncEngine, redis: PatientRedis) -> None:
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            metrics.timing(f"resources.{service}.postgres", await _milliseconds(_ask_postgres(engine)))
        with suppress(RedisAway):
            ping = redis.call(lambda client: cast("Awaitable[bool]", client.ping()))
            metrics.timing(f"resources.{service}.redis", await _milliseconds(ping))


async def _ask_postgres(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(ONE)


async def _milliseconds(call: Awaitable[object]) -> float:
    started = time.perf_counter()
    await call
    return (time.perf_counter() - started) * 1000
