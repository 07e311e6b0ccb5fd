"""Composition root of the worker: opens the connections, runs arq, outlives Redis, finishes what runs on SIGTERM."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from shared import postgres, redis_client, sentry, wiring
from shared.live_workers import LiveWorkers
from shared.resources import watched
from shared.schema import check_database
from shared.settings import Settings
from shared.silence import silence
from worker.alarm import alarm_clock
from worker.business import Business
from worker.catalogue import Catalogue
from worker.context import Context
from worker.drain import Drain
from worker.heartbeat import Heartbeat
from worker.jobs.films import sweep
from worker.jobs.recommendations import rebuild_all
from worker.jobs.trend import keep_trend
from worker.jobs.upstream import reconcile_budget
from worker.rebuilder import Rebuilder

log = structlog.get_logger()

REDIS_TIMEOUT_SECONDS = 2.0
RECONNECT_SECONDS = 1.0
# What goes on while no cron rings: each looks first whether anything is due.
BY_HAND = (sweep, reconcile_budget, keep_trend, rebuild_all)
# Longer than any fetch may take, shorter than the grace a container gets.
FINISH_SECONDS = 25.0


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Context]:
    """Everything a job uses; raises SchemaBehind or DatabaseAway where the database cannot be used."""
    engine = wiring.write_engine(settings, "kinoshelf-worker")
    patient_engine = wiring.patient_engine(settings, "kinoshelf-worker")
    redis = wiring.patient_redis(settings)
    upstream = wiring.upstream(settings, engine, redis)
    rebuilder = Rebuilder(engine, enabled=settings.recommendations.rebuild)
    engines = {"write": engine, "patient": patient_engine}
    alone = asyncio.Lock()
    try:
        await check_database(engine)
        async with watched("worker", engines, redis):
            yield {
                "engine": engine,
                "patient_engine": patient_engine,
                "upstream": upstream,
                "drain": Drain(upstream, settings.enrichment.concurrency, alone),
                "catalogue": Catalogue(upstream, enabled=settings.catalogue.enabled, alone=alone),
                "rebuilder": rebuilder,
                "business": Business(),
                "heartbeat": Heartbeat(LiveWorkers(redis), settings.worker.heartbeat_file),
                "rebuild_hour": settings.recommendations.rebuild_hour,
            }
    finally:
        await rebuilder.stop()
        await upstream.kinopoisk.close()
        await redis.close()
        await postgres.close(patient_engine, engine)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with opened(settings) as context:
        working = [asyncio.create_task(context["drain"].run()), asyncio.create_task(context["catalogue"].run())]
        ringing = asyncio.create_task(ring_for_ever(settings, context))
        beating = asyncio.create_task(context["heartbeat"].run())
        stopping = asyncio.create_task(asked.wait())
        log.info("worker_started", concurrency=settings.enrichment.concurrency)
        ended, _ = await asyncio.wait({*working, ringing, beating, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await silence(ringing)
        context["drain"].stop()
        context["catalogue"].stop()
        await context["heartbeat"].leave()
        _, unfinished = await asyncio.wait(working, timeout=FINISH_SECONDS)
        await silence(beating)
        log.info("worker_stopped", finished=not unfinished)
        for task in ended:
            task.result()  # none of these ends by itself: what it raised must be seen


async def ring_by_hand(context: Context) -> None:
    """What must go on without Redis, once. A database that is away costs nothing but this round."""
    for job in BY_HAND:
        with suppress(DBAPIError, OSError, TimeoutError):
            await job(context)


async def ring_for_ever(settings: Settings, context: Context) -> None:
    """Let arq ring; where Redis is gone arq ends, so ring by hand and start it again until it stays."""
    while True:
        client = redis_client.connect(settings.redis.url.get_secret_value(), REDIS_TIMEOUT_SECONDS)
        try:
            await alarm_clock(client, context, settings.enrichment.sweep_seconds)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("worker_redis_away", error=type(error).__name__)
            sentry.alarm("redis-away", "Redis is away: films are fetched slowly and nothing is cached until it is back")
            await ring_by_hand(context)
            await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            await client.aclose(close_connection_pool=True)
