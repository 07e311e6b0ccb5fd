"""The wake-up after a commit: best effort, bounded, off the request's path. The sweep finds what it misses."""

import asyncio
from datetime import timedelta

import structlog
from structlog.contextvars import unbind_contextvars

from shared.redis_client import PatientRedis, RedisAway

log = structlog.get_logger()

WAKE_JOB = "wake"
# Wishes that come within this time share one message.
PAUSE_SECONDS = 0.05
# An older wake-up tells nobody anything new.
EXPIRES = timedelta(seconds=60)


class Waker:
    """Tells the workers that films are due. `ring()` never waits and never fails."""

    def __init__(self, redis: PatientRedis) -> None:
        self._redis = redis
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Call it after the commit."""
        self._rung.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        unbind_contextvars("request_id", "user_id", "kinopoisk_id")  # it speaks for many
        while self._rung.is_set():
            self._rung.clear()
            try:
                # No job id: arq would drop the wish while a job of that id runs, which may have looked too early.
                await self._redis.call(lambda redis: redis.enqueue_job(WAKE_JOB, _expires=EXPIRES))
            except RedisAway:
                log.debug("wakeup_skipped")
            await asyncio.sleep(PAUSE_SECONDS)

    async def close(self) -> None:
        """Let the last message out."""
        if self._task:
            await self._task
