"""Attempts to log in and to register: slowed in Redis, and in each process where it is gone; nobody is locked out."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from typing import Any, cast

import pytest

from api.addresses import Origin, origin
from api.attempts import Attempts, Bounds
from api.errors import HashingBusy, InvalidCredentials, UsernameTaken
from api.refusals import TooManyAttempts
from shared.redis_client import PatientRedis
from tests.infra.conftest import Patient

SECRET = "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"
HERE, NEXT_DOOR, ELSEWHERE = origin("192.0.2.7"), origin("192.0.2.8"), origin("198.51.100.1")
# Tries of many names from one address, where a name's own limit is far.
BOUNDS = Bounds(logins_a_minute=1_000, tries=3, wait_cap=900, longest_delay=0, registrations_an_hour=2)


def attempts(redis: PatientRedis, **bounds: Any) -> Attempts:
    return Attempts(redis, BOUNDS._replace(**bounds), SECRET)


async def wait(asked: Awaitable[None]) -> int:
    """Seconds that the attempt is told to wait; 0 where it passes."""
    try:
        await asked
    except TooManyAttempts as refusal:
        return int(refusal.headers["Retry-After"])
    return 0


async def attempt(counted: Attempts, name: str, place: Origin, *ends: type[Exception]) -> None:
    """One that ends so, or well."""
    with suppress(*ends):
        async with counted.log_in(name, place):
            for end in ends:
                raise end


async def log_in(counted: Attempts, name: str = "anna", place: Origin = HERE, times: int = 1) -> list[int]:
    """With wrong passwords, one after the other."""
    return [await wait(attempt(counted, name, place, InvalidCredentials)) for _ in range(times)]


async def registration(counted: Attempts, place: Origin = HERE, *ends: type[Exception]) -> None:
    """An attempt that ends so, or well."""
    with suppress(*ends):
        async with counted.register(place):
            for end in ends:
                raise end


async def succeed(counted: Attempts) -> None:
    await attempt(counted, "anna", HERE)


async def later(redis: PatientRedis, seconds: float) -> None:
    """As if so many seconds had passed since the waits were set."""

    async def shift(client: Any) -> None:
        for key in await client.keys("kinoshelf:attempts:name:*"):
            await client.hincrbyfloat(key, "closed_until", -seconds)
        for key in await client.keys("kinoshelf:attempts:[lr]*"):
            await client.set(key, float(await client.get(key)) - seconds)

    await redis.call(shift)


@pytest.fixture
def redis(patient: Patient) -> PatientRedis:
    return patient(timeout_seconds=5)


@pytest.fixture
def away(patient: Patient, nowhere: str) -> PatientRedis:
    return patient(nowhere, skip_seconds=60)


async def test_the_first_tries_are_free_and_then_one_waits(redis: PatientRedis) -> None:
    assert await log_in(attempts(redis), times=5) == [0, 0, 0, 2, 2]


async def test_each_wait_is_twice_as_long_up_to_the_cap(redis: PatientRedis) -> None:
    counted, waits = attempts(redis, wait_cap=10), []
    await log_in(counted, times=2)
    for _ in range(5):
        await log_in(counted)
        waits += await log_in(counted)
        await later(redis, 10)
    assert waits == [2, 4, 8, 10, 10]


async def test_hundreds_of_failures_wait_no_longer_than_the_cap(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted)

    async def pretend(client: Any) -> None:
        [key] = await client.keys("kinoshelf:attempts:name:*")
        await client.hset(key, "tried", 5_000)

    await redis.call(pretend)
    assert await log_in(counted, times=2) == [0, 900]


async def test_success_begins_anew(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted, times=2)
    await succeed(counted)
    assert await log_in(counted, times=3) == [0, 0, 0]


@pytest.mark.parametrize("end", [HashingBusy, OSError])
async def test_what_could_not_be_decided_was_no_try(redis: PatientRedis, end: type[Exception]) -> None:
    counted = attempts(redis)
    await log_in(counted, times=2)
    for _ in range(5):
        await attempt(counted, "anna", HERE, end)
    assert await log_in(counted, times=2) == [0, 2]


async def test_a_network_shares_the_tries_of_a_name(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted, times=3)
    assert await log_in(counted, place=NEXT_DOOR) == [2]


async def test_nobody_is_locked_out_from_elsewhere(redis: PatientRedis) -> None:
    counted = attempts(redis)
    for number in range(200):
        await log_in(counted, place=origin(f"10.0.{number}.1"), times=4)
    assert await log_in(counted, place=ELSEWHERE) == [0]


async def test_tries_of_a_name_from_everywhere_slow_it_by_a_bounded_delay(
    redis: PatientRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("api.attempts.asyncio.sleep", sleep)
    counted = attempts(redis, longest_delay=1)
    for number in range(30):
        await log_in(counted, place=origin(f"10.0.{number}.1"))
    assert slept[:5] == [0, 0, 0, 0.05, 0.1]
    assert slept[-5:] == [1, 1, 1, 1, 1]


async def test_other_names_of_the_same_network_are_free(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted, times=4)
    assert await log_in(counted, "boris") == [0]


async def test_one_address_may_try_so_many_names_a_minute(redis: PatientRedis) -> None:
    counted = attempts(redis, logins_a_minute=3)
    tried = [(await log_in(counted, name))[0] for name in "abcd"]
    assert tried == [0, 0, 0, 20]
    assert await log_in(counted, "d", NEXT_DOOR) == [0]
    await later(redis, 20)
    assert await log_in(counted, "e") == [0]


async def test_a_refused_attempt_costs_nothing(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted, times=20)
    await later(redis, 2)
    assert await log_in(counted, times=2) == [0, 4]


async def test_many_at_once_are_no_way_around_it(redis: PatientRedis) -> None:

    counted = attempts(redis)
    told = await asyncio.gather(*(wait(attempt(counted, "anna", HERE, InvalidCredentials)) for _ in range(10)))
    assert sum(not seconds for seconds in told) == 3


async def test_an_address_registers_so_often_an_hour(redis: PatientRedis) -> None:
    counted = attempts(redis)
    assert [await wait(registration(counted, HERE)) for _ in range(3)] == [0, 0, 1_800]
    assert await wait(registration(counted, NEXT_DOOR)) == 0


@pytest.mark.parametrize("reachable", [True, False])
async def test_what_is_no_account_in_the_end_takes_no_place_of_one(
    reachable: bool, redis: PatientRedis, away: PatientRedis
) -> None:
    counted = attempts(redis if reachable else away)
    for _ in range(20):
        await registration(counted, HERE, HashingBusy)
    assert [await wait(registration(counted)) for _ in range(3)] == [0, 0, 1_800]


@pytest.mark.parametrize("reachable", [True, False])
async def test_a_name_that_was_taken_costs_a_tenth(reachable: bool, redis: PatientRedis, away: PatientRedis) -> None:
    counted = attempts(redis if reachable else away)
    tried = [await wait(registration(counted, HERE, UsernameTaken)) for _ in range(12)]
    assert tried == [0] * 11 + [180]  # two accounts an hour: one is left after ten, and for that a whole one is needed


@pytest.mark.parametrize("reachable", [True, False])
async def test_many_at_once_take_no_more_places_than_there_are(
    reachable: bool, redis: PatientRedis, away: PatientRedis
) -> None:
    counted = attempts(redis if reachable else away)
    async with AsyncExitStack() as under_way:
        for _ in range(2):
            await under_way.enter_async_context(counted.register(HERE))
        assert await wait(registration(counted, HERE, UsernameTaken)) == 1_800


async def test_neither_names_nor_addresses_stand_in_redis(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted)
    await registration(counted)
    keys = await redis.call(lambda client: cast("Awaitable[list[bytes]]", client.keys("*")))
    assert sorted(key.rpartition(b":")[0] for key in keys) == [
        b"kinoshelf:attempts:login",
        b"kinoshelf:attempts:name",
        b"kinoshelf:attempts:name-anywhere",
        b"kinoshelf:attempts:register",
    ]
    assert all(len(key.rpartition(b":")[2]) == 32 for key in keys)
    other = Attempts(redis, BOUNDS, SECRET[::-1])
    await log_in(other)
    assert len(await redis.call(lambda client: cast("Awaitable[list[bytes]]", client.keys("*")))) == 7


async def test_all_of_it_is_forgotten_some_day(redis: PatientRedis) -> None:
    counted = attempts(redis)
    await log_in(counted)
    await registration(counted)

    async def lifetimes(client: Any) -> list[int]:
        return [await client.pttl(key) for key in await client.keys("*")]

    assert all(-1 != milliseconds <= 3_600_000 for milliseconds in await redis.call(lifetimes))


async def test_an_attempt_is_one_round_trip(redis: PatientRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    call = PatientRedis.call

    async def counted_call(self: PatientRedis, command: Any) -> Any:
        nonlocal calls
        calls += 1
        return await call(self, command)

    monkeypatch.setattr(PatientRedis, "call", counted_call)
    await log_in(attempts(redis))
    assert calls == 1


async def test_without_redis_each_process_counts_by_itself(away: PatientRedis) -> None:
    assert await log_in(attempts(away), times=4) == [0, 0, 0, 30]


async def test_without_redis_success_begins_anew(away: PatientRedis) -> None:
    counted = attempts(away)
    await log_in(counted, times=2)
    await succeed(counted)
    assert await log_in(counted, times=3) == [0, 0, 0]


async def test_without_redis_nobody_is_locked_out_from_elsewhere(away: PatientRedis) -> None:
    counted = attempts(away)
    await log_in(counted, times=9)
    assert await log_in(counted, place=ELSEWHERE) == [0]


async def test_without_redis_an_address_has_its_bounds_too(away: PatientRedis) -> None:
    counted = attempts(away, logins_a_minute=2)
    assert [(await log_in(counted, name))[0] for name in "abc"] == [0, 0, 30]
    assert [await wait(registration(counted, HERE)) for _ in range(3)] == [0, 0, 1_800]
