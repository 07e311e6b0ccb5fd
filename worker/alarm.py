"""arq, as alarm clock and cron and nothing more: no message carries state, no result is kept, no retry is its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC
from functools import wraps
from typing import TYPE_CHECKING, cast

import orjson
import structlog
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker, create_worker, func

from shared import metrics, sentry
from shared.redis_client import to_json
from shared.wakeup import WAKE_JOB
from worker.context import Context
from worker.jobs.business import report_business
from worker.jobs.films import move_up, sweep, wake
from worker.jobs.projection import reconcile_films
from worker.jobs.recommendations import rebuild_all, rebuild_changed, rebuild_lonely
from worker.jobs.sessions import purge_expired_sessions
from worker.jobs.trend import keep_trend
from worker.jobs.upstream import forecast_refreshes, purge_calls, reconcile_budget, report_upstream

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine

log = structlog.get_logger()

Job = Callable[[Context], Awaitable[object]]

# A job has 50 seconds: what a long one does not finish it takes up again soon.
EVERY_FIVE_MINUTES = set(range(2, 60, 5))


async def alarm_clock(redis: ArqRedis, context: Context, sweep_seconds: int) -> None:
    """Ring until cancelled or until Redis is gone (raises its error)."""
    every_sweep = set(range(0, 60, sweep_seconds))
    worker = create_worker(
        {
            "functions": [func(logged(wake, "debug"), name=WAKE_JOB)],
            "cron_jobs": [
                cron(logged(sweep, "debug"), second=every_sweep, run_at_startup=True),
                cron(logged(reconcile_films), minute=EVERY_FIVE_MINUTES, second=0, run_at_startup=True),
                cron(logged(keep_trend, "debug"), second=set(range(4, 60, 10)), run_at_startup=True),
                cron(logged(rebuild_all, "debug"), second={8, 38}),
                cron(logged(rebuild_lonely, "debug"), minute={12, 42}, second=0),
                cron(logged(rebuild_changed), minute=47, second=0),
                cron(logged(move_up, "debug"), minute=EVERY_FIVE_MINUTES, second=30),
                cron(logged(purge_expired_sessions), minute=17, second=0),
                cron(logged(reconcile_budget, "debug"), second=every_sweep, run_at_startup=True),
                cron(logged(forecast_refreshes), minute=27, second=0, run_at_startup=True),
                cron(logged(report_upstream, "debug"), second=set(range(0, 60, 10))),
                cron(logged(report_business, "debug"), second=20, run_at_startup=True),
                cron(logged(purge_calls), minute=37, second=0),
            ],
            "redis_pool": redis,
            "ctx": {**context},
            "handle_signals": False,
            "job_serializer": to_json,
            "job_deserializer": orjson.loads,
            "timezone": UTC,
            "health_check_key": f"kinoshelf:worker:{context['heartbeat'].worker_id}",
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
    "log_results": False,
}


LAST_STEPS = {"Worker.finish_job", "Worker.finish_failed_job"}


async def _end_jobs(worker: Worker) -> None:
    """They are safe to run again; what the drain fetches is no job and goes on."""
    tasks = set(worker.tasks.values())
    for task in tasks:
        task.cancel()
    # To be cancelled meanwhile must not reach them again: arq would leave a connection behind that nobody closes.
    while under_way := {task for task in tasks | _finishing() if not task.done()}:
        with suppress(asyncio.CancelledError):
            await asyncio.wait(under_way)


def _finishing() -> "set[asyncio.Task[object]]":
    """arq shields the last steps of a job, so they go on when the job is cancelled, in tasks that it forgets."""
    return {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") in LAST_STEPS}


def logged(job: Job, level: str = "info") -> "WorkerCoroutine":
    """The job, with one line for each run. It is not a hook of arq: an exception in one of those kills the worker."""

    @wraps(job)
    async def run(ctx: Context) -> object:
        started, outcome, result = time.perf_counter(), "failed", None
        try:
            result = await job(ctx)
            outcome = "done"
        except asyncio.CancelledError:  # the worker ends, or it took too long: it is taken up again
            outcome = "stopped"
            raise
        except Exception as error:
            log.exception("job_crashed", job=job.__name__)
            sentry.report(error, job=job.__name__)
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            getattr(log, level)(
                "job_finished", job=job.__name__, outcome=outcome, result=result, duration_ms=round(took, 1)
            )
            metrics.count(f"jobs.{job.__name__}.{outcome}")
            if ctx.get("job_try", 1) > 1:
                metrics.count(f"jobs.{job.__name__}.retried")
            metrics.timing(f"jobs.{job.__name__}.duration", took)
        return result

    return cast("WorkerCoroutine", run)
