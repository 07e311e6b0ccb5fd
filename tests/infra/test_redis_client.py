"""Redis, which may be frozen or gone: one bounded failure, then a pause without it, then back."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from arq.connections import ArqRedis
from redis.exceptions import ConnectionError as RedisConnectionError

from dev.testing import Servers
from shared.redis_client import PatientRedis, RedisAway, to_json
from tests.client import eventually
from tests.infra.conftest import SKIP, TIMEOUT, Patient, taken_port
from tests.recorded import Recorded

UNKNOWN = object()


def failing(error: Exception) -> Any:
    async def command(_: ArqRedis) -> None:
        raise error

    return command


async def ping(redis: ArqRedis) -> Any:
    return await redis.ping()


async def trip(client: PatientRedis) -> None:
    with pytest.raises(RedisAway):
        await client.call(failing(RedisConnectionError("gone")))


async def test_an_answer_is_handed_on(patient: Patient) -> None:
    assert await patient().call(ping) is True


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError("gone"),
        OSError("broken"),
        TimeoutError(),
        RuntimeError("a closed transport, says uvloop"),
        AttributeError("a writer that is None, says redis-py"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_means_away(patient: Patient, error: Exception) -> None:
    client = patient()
    with pytest.raises(RedisAway):
        await client.call(failing(error))
    assert client.away


async def test_a_refused_command_is_done_without_and_the_next_one_is_asked(patient: Patient, told: Recorded) -> None:
    client = patient()
    await client.call(lambda redis: redis.set("list", "none"))
    with pytest.raises(RedisAway):
        await client.call(lambda redis: redis.zcard("list"))
    assert (await client.call(ping), told.counts["redis.refused"]) == (True, 1)


async def test_while_it_is_away_nothing_is_sent(patient: Patient) -> None:
    client = patient(skip_seconds=60)
    await trip(client)
    called = []

    async def command(_: ArqRedis) -> None:
        called.append(1)

    with pytest.raises(RedisAway):
        await client.call(command)
    assert called == []


async def test_after_the_pause_it_is_asked_again(patient: Patient) -> None:
    client = patient()
    await trip(client)

    async def back() -> bool:
        return not client.away

    await eventually(back)
    assert await client.call(ping) is True


async def test_the_pause_is_as_long_as_set(patient: Patient) -> None:
    client = patient(skip_seconds=0.3)
    await trip(client)
    started = time.monotonic()

    async def back() -> bool:
        return not client.away

    await eventually(back)
    assert time.monotonic() - started > 0.25


async def test_an_error_of_ours_is_no_failure_of_redis(patient: Patient) -> None:
    client = patient()
    with pytest.raises(KeyError):
        await client.call(failing(KeyError("ours")))
    assert not client.away


async def test_a_caller_that_gives_up_is_cancelled_and_says_nothing_about_redis(patient: Patient) -> None:
    client = patient(timeout_seconds=30)
    begun = asyncio.Event()

    async def never(_: ArqRedis) -> None:
        begun.set()
        await asyncio.Event().wait()

    call = asyncio.create_task(client.call(never))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not client.away


async def test_a_frozen_redis_costs_each_caller_the_time_out_at_the_most(
    patient: Patient, frozen: Callable[[], None]
) -> None:
    client = patient()
    await client.call(ping)
    frozen()
    started = time.monotonic()
    results = await asyncio.gather(*(client.call(ping) for _ in range(50)), return_exceptions=True)
    assert [type(result) for result in results] == [RedisAway] * 50
    assert time.monotonic() - started < 50 * TIMEOUT / 2


async def test_a_frozen_redis_is_used_again_once_it_thaws(
    patient: Patient, frozen: Callable[[], None], servers: Servers
) -> None:
    client = patient()
    await client.call(ping)
    frozen()
    with pytest.raises(RedisAway):
        await client.call(ping)
    servers.redis.resume()

    async def answers() -> bool:
        try:
            return bool(await client.call(ping))
        except RedisAway:
            return False

    assert await eventually(answers)


async def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one(
    patient: Patient, frozen: Callable[[], None], servers: Servers
) -> None:
    client = patient()
    await client.call(lambda redis: redis.set("a", "1"))
    await client.call(lambda redis: redis.set("b", "2"))
    frozen()
    with pytest.raises(RedisAway):
        await client.call(lambda redis: redis.get("a"))
    servers.redis.resume()

    async def next_answer() -> Any:
        try:
            return await client.call(lambda redis: redis.get("b"))
        except RedisAway:
            return None

    assert await eventually(next_answer) == b"2"


@pytest.mark.parametrize("listening", [True, False], ids=["silent", "closed"])
async def test_a_redis_that_cannot_be_reached_is_away_within_the_time_out(patient: Patient, listening: bool) -> None:
    with taken_port(listening=listening) as port:
        client = patient(f"redis://127.0.0.1:{port}")
        started = time.monotonic()
        with pytest.raises(RedisAway):
            await client.call(ping)
        assert time.monotonic() - started < 10 * (TIMEOUT + SKIP)


async def test_a_job_travels_as_json_and_never_as_a_pickle(patient: Patient) -> None:
    client = patient()
    job = await client.call(lambda redis: redis.enqueue_job("wake", 301, moment=UNKNOWN))
    assert job
    stored = await client.call(lambda redis: redis.get(f"arq:job:{job.job_id}"))
    assert stored.startswith(b"{")


@pytest.mark.parametrize("value", [ValueError("x"), object(), {1, 2}, b"\xff"], ids=["error", "object", "set", "bytes"])
def test_what_has_no_json_form_is_named(value: Any) -> None:
    assert to_json({"r": value}).startswith(b'{"r":"')
