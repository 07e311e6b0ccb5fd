"""arq, as alarm clock and cron and nothing more: no message carries state, no result is kept, no retry is its own."""

import asyncio
import socket
import time
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker, create_worker, func

from shared.redis_client import to_json
from shared.wakeup import WAKE_JOB
from worker.context import Context
from worker.jobs.films import sweep, wake
from worker.jobs.sessions import purge_expired_sessions

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine

log = structlog.get_logger()

HEALTH_KEY = f"kinoshelf:worker:{socket.gethostname()}"


async def alarm_clock(redis: ArqRedis, context: Context, sweep_seconds: int) -> None:
    """Ring until cancelled or until Redis is gone (raises its error)."""
    worker = create_worker(
        {
            "functions": [func(cast("WorkerCoroutine", wake), name=WAKE_JOB)],
            "cron_jobs": [
                cron(cast("WorkerCoroutine", sweep), second=set(range(0, 60, sweep_seconds)), run_at_startup=True),
                cron(cast("WorkerCoroutine", purge_expired_sessions), minute=17),
            ],
            "redis_pool": redis,
            "ctx": {**context},
            "handle_signals": False,
            "job_serializer": to_json,
            "job_deserializer": orjson.loads,
            "timezone": UTC,
            "on_job_start": remember_start,
            "after_job_end": log_job,
            **LIMITS,
        }
    )
    try:
        await worker.async_run()
    finally:
        await _end_jobs(worker)


# Measured: keep_result blocks job ids, the default poll costs half a second, the default health key lives an hour.
LIMITS = {
    "max_jobs": 10,
    "job_timeout": 50,
    "max_tries": 3,
    "keep_result": 0,
    "poll_delay": 0.1,
    "health_check_interval": 10,
    "health_check_key": HEALTH_KEY,
    "log_results": False,
}


async def _end_jobs(worker: Worker) -> None:
    """The jobs only wait for the drain, which goes on without them."""
    for task in worker.tasks.values():
        task.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)


async def remember_start(ctx: dict[str, Any]) -> None:
    """An exception in an arq hook kills the worker: only what cannot fail happens here."""
    structlog.contextvars.bind_contextvars(job_id=ctx["job_id"])
    ctx["started"] = time.perf_counter()


async def log_job(ctx: dict[str, Any]) -> None:
    """One line a job; a sweep that found nothing would drown the others, so it speaks at debug level."""
    took = round((time.perf_counter() - ctx["started"]) * 1000, 1)
    log.debug("job_finished", try_=ctx["job_try"], duration_ms=took)
