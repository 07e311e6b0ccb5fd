"""The worker's own life: what ends it, and that it says why."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.settings import Settings
from tests.client import eventually
from tests.conftest import changed
from tests.recorded import Recorded
from tests.worker_process import Worker
from worker import main
from worker.alarm import logged
from worker.context import Context


@pytest.mark.usefixtures("database")
async def test_a_crash_of_the_alarm_clock_ends_the_worker_with_its_reason(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(main, "alarm_clock", crash)
    with pytest.raises(RuntimeError, match="not foreseen"):
        await main.run(settings)


@pytest.mark.usefixtures("database")
async def test_sigterm_ends_it_although_a_cancellation_gets_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    monkeypatch.setattr(main, "ring_for_ever", deaf)
    async with asyncio.timeout(5):
        await main.run(settings)


@pytest.mark.usefixtures("database")
async def test_a_job_is_one_line_with_its_figures(settings: Settings) -> None:

    async def purge_something(_: Context) -> int:
        return 3

    async with main.opened(settings) as context:
        with capture_logs() as lines:
            await logged(purge_something)({**context})
    assert lines[0].pop("duration_ms") >= 0
    assert lines == [
        {"event": "job_finished", "log_level": "info", "job": "purge_something", "outcome": "done", "result": 3}
    ]


WITHOUT_REDIS = {
    "the trend": "SELECT EXISTS (SELECT FROM film_trend)",
    "the catalogue": "SELECT EXISTS (SELECT FROM collection WHERE films <> '{}')",
}


@pytest.mark.parametrize("what", WITHOUT_REDIS)
async def test_without_redis_goes_on(settings: Settings, sql: Callable[..., Awaitable[Any]], what: str) -> None:
    await sql("INSERT INTO film (kinopoisk_id, document, genres) VALUES (1, '{}', '{2}')")
    alone = changed(
        settings,
        redis={"url": SecretStr("redis://127.0.0.1:1")},
        catalogue={"enabled": what == "the catalogue"},
    )
    async with Worker.running(alone):
        await eventually(lambda: sql(WITHOUT_REDIS[what]), 60)


async def test_a_job_is_counted_and_timed(told: Recorded) -> None:
    async def tidy(_: object) -> None:
        pass

    run: Any = logged(tidy)
    await run({"job_try": 1})
    await run({"job_try": 2})
    assert told.counts == {"jobs.tidy.done": 2, "jobs.tidy.retried": 1}
    assert len(told.timings["jobs.tidy.duration"]) == 2


async def test_a_job_that_failed_is_counted(told: Recorded) -> None:
    async def fail(_: object) -> None:
        raise RuntimeError

    run: Any = logged(fail)
    with pytest.raises(RuntimeError):
        await run({"job_try": 1})
    assert told.counts == {"jobs.fail.failed": 1}


async def test_a_job_that_is_stopped_has_not_failed(told: Recorded) -> None:
    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    run: Any = logged(hang)
    running = asyncio.create_task(run({"job_try": 1}))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told.counts == {"jobs.hang.stopped": 1}
