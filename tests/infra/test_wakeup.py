"""The wake-up: many rings are few messages, and a Redis that is away is nobody's business."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from arq.connections import ArqRedis

from shared.redis_client import PatientRedis, RedisAway
from shared.wakeup import Waker
from tests.client import eventually
from tests.infra.conftest import Patient


class Line(PatientRedis):
    """Counts the messages; each waits until it is let through."""

    def __init__(self, error: Exception | None = None) -> None:
        self.messages = 0
        self.open = asyncio.Event()
        self._error = error

    async def call(self, command: Callable[[ArqRedis], Any]) -> Any:
        self.messages += 1
        await self.open.wait()
        if self._error:
            raise self._error


async def begun(line: Line, messages: int = 1) -> None:
    async def sent() -> bool:
        return line.messages >= messages

    await eventually(sent)


async def test_ringing_does_not_wait() -> None:
    line = Line()
    waker = Waker(line)
    waker.ring()
    assert line.messages == 0
    line.open.set()
    await waker.close()


async def test_a_hundred_rings_at_once_are_one_message() -> None:
    line = Line()
    line.open.set()
    waker = Waker(line)
    for _ in range(100):
        waker.ring()
    await waker.close()
    assert line.messages == 1


async def test_a_ring_while_a_message_is_on_its_way_is_one_more_message() -> None:
    """The worker may have looked before that film was due."""
    line = Line()
    waker = Waker(line)
    waker.ring()
    await begun(line)
    for _ in range(100):
        waker.ring()
    line.open.set()
    await waker.close()
    assert line.messages == 2


async def test_a_ring_long_after_is_a_message_of_its_own() -> None:
    line = Line()
    line.open.set()
    waker = Waker(line)
    waker.ring()
    await waker.close()
    waker.ring()
    await waker.close()
    assert line.messages == 2


async def test_a_redis_that_is_away_is_no_error() -> None:
    line = Line(RedisAway())
    line.open.set()
    waker = Waker(line)
    waker.ring()
    await waker.close()
    waker.ring()
    await waker.close()
    assert line.messages == 2


async def test_closing_lets_the_last_message_out() -> None:
    line = Line()
    waker = Waker(line)
    waker.ring()
    closing = asyncio.create_task(waker.close())
    await begun(line)
    assert not closing.done()
    line.open.set()
    await closing


async def test_closing_what_never_rang_is_done() -> None:
    await Waker(Line()).close()


async def test_the_message_is_a_job_without_arguments_that_soon_expires(patient: Patient) -> None:
    redis = patient()
    waker = Waker(redis)
    waker.ring()
    await waker.close()
    (job,) = await redis.call(lambda client: client.queued_jobs())
    expires = await redis.call(lambda client: client.pttl(f"arq:job:{job.job_id}"))
    assert (job.function, list(job.args), job.kwargs) == ("wake", [], {})
    assert 0 < expires <= 60_000


@pytest.mark.parametrize("rings", [1, 20])
async def test_ringing_a_frozen_redis_ends_within_its_time_out(
    patient: Patient, frozen: Callable[[], None], rings: int
) -> None:
    waker = Waker(patient())
    frozen()
    for _ in range(rings):
        waker.ring()
    async with asyncio.timeout(2):
        await waker.close()
