"""Connections to Redis, which may be flushed, frozen or dead at any moment: bounded calls, then a pause without it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import structlog
from arq.connections import ArqRedis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from shared import metrics

log = structlog.get_logger()

Answer = TypeVar("Answer")

# What a failure of Redis looks like. The last two are how uvloop and redis-py tell of a connection that broke off just
# when it was to be used: a transport that is closed already, a writer that is None already.
FAILURES = (RedisError, OSError, TimeoutError, RuntimeError, AttributeError)


class RedisAway(Exception):
    """Redis did not answer in time, or did not a moment ago; go on without it."""


def connect(url: str, timeout_seconds: float, max_connections: int = 20) -> ArqRedis:
    """A client whose every step is bounded; jobs travel as JSON, because a pickle from Redis would run code here."""
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=timeout_seconds,
        max_connections=max_connections,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return ArqRedis(pool, job_serializer=to_json, job_deserializer=orjson.loads)


def to_json(job: Any) -> bytes:
    """Jobs and results as JSON; what has no JSON form is named, not pickled."""
    return orjson.dumps(job, default=repr)


class PatientRedis:
    """Redis behind a fuse: after one failure it is left alone for `skip_seconds`, so that no request pays twice."""

    def __init__(self, client: ArqRedis, timeout_seconds: float, skip_seconds: float) -> None:
        self._client = client
        self._timeout = timeout_seconds
        self._skip = skip_seconds
        self._away_until = 0.0

    @property
    def away(self) -> bool:
        return time.monotonic() < self._away_until

    async def call(self, command: Callable[[ArqRedis], Awaitable[Answer]]) -> Answer:
        """Run one command within the time-out. Raises RedisAway."""
        if self.away:
            raise RedisAway
        try:
            async with asyncio.timeout(self._timeout):
                return await command(self._client)
        except ResponseError as error:  # it is there and only refuses this: somebody else's key, no memory
            metrics.count("redis.refused")
            log.debug("redis_refused", error=type(error).__name__)
            raise RedisAway from error
        except FAILURES as error:
            self._away_until = time.monotonic() + self._skip
            metrics.count("redis.away")
            log.warning("redis_away", error=type(error).__name__, skip_seconds=self._skip)
            raise RedisAway from error

    async def close(self) -> None:
        await self._client.aclose(close_connection_pool=True)
