"""The limiter: two nested buckets by the server's clock, and a small rate of its own where Redis is gone."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, cast

import pytest
from arq.connections import ArqRedis

from dev.testing import Servers
from shared.redis_client import PatientRedis, RedisAway
from shared.upstream.limiter import LISTS, OVERALL, TAKE, Limiter
from shared.upstream.terms import Kind
from tests.client import eventually
from tests.infra.conftest import Patient

SLOW = 0.001  # tokens a second: within a test, none


Bucket = tuple[float, int]


async def limiter(redis: PatientRedis, overall: Bucket, lists: Bucket, alone: float = 20) -> Limiter:
    """With full buckets, where there is a Redis to hold them: one that nobody knows starts empty."""

    async def fill(client: ArqRedis) -> None:
        for key, (_, burst) in ((OVERALL, overall), (LISTS, lists)):
            await cast("Awaitable[Any]", client.hset(key, mapping={"tokens": burst, "at": time.time()}))

    with suppress(RedisAway):
        await redis.call(fill)
    return Limiter(redis, overall=overall, lists=lists, rate_without_redis=alone)


async def films(calls: Limiter, count: int) -> int:
    """How many calls for films are granted."""
    return (await calls.take(count, Kind.INTERACTIVE))[0]


async def lists(calls: Limiter, count: int = 1) -> int:
    """How many searches are granted."""
    return (await calls.take(count, Kind.INTERACTIVE, listed=True))[0]


async def test_a_full_bucket_grants_its_burst_and_no_more(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [await films(calls, 1) for _ in range(5)] == [1, 1, 1, 0, 0]


async def test_as_many_are_granted_as_are_there(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [await films(calls, count) for count in (2, 5, 5)] == [2, 1, 0]


async def test_who_asks_for_nothing_takes_nothing(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert await films(calls, 0) == 0
    assert await films(calls, 9) == 3


async def test_a_search_takes_from_both_buckets(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 9))
    assert await lists(calls) == 1
    assert await films(calls, 9) == 2


async def test_films_leave_the_bucket_of_searches_alone(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert await films(calls, 2) == 2
    assert await lists(calls) == 1


async def test_a_search_that_its_own_bucket_refuses_takes_nothing_from_all(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [await lists(calls) for _ in range(3)] == [1, 0, 0]
    assert await films(calls, 9) == 2


async def test_a_search_that_the_overall_bucket_refuses_takes_nothing_from_its_own(patient: Patient) -> None:
    redis = patient()
    starved = await limiter(redis, (SLOW, 1), (SLOW, 2))
    await starved.take(1, Kind.INTERACTIVE)
    assert await lists(starved) == 0

    async def left(client: ArqRedis) -> Any:
        return await cast("Awaitable[Any]", client.hget(LISTS, "tokens"))

    assert float(await redis.call(left)) == pytest.approx(2, abs=0.01)


async def test_a_refusal_says_when_the_next_call_may_be(patient: Patient) -> None:
    calls = await limiter(patient(), (4, 1), (4, 1))
    await calls.take(1, Kind.INTERACTIVE)
    granted, pause = await calls.take(1, Kind.INTERACTIVE)
    assert granted == 0
    assert 0.15 < pause <= 0.251


async def test_after_the_pause_a_call_is_granted(patient: Patient) -> None:
    calls = await limiter(patient(), (10, 1), (10, 1))
    await calls.take(1, Kind.INTERACTIVE)

    async def granted() -> bool:
        return bool(await films(calls, 1))

    started = time.monotonic()
    await eventually(granted)
    assert time.monotonic() - started > 0.05


async def test_all_processes_share_the_buckets(patient: Patient) -> None:
    processes = [await limiter(patient(), (SLOW, 5), (SLOW, 1)) for _ in range(4)]
    grants = await asyncio.gather(*(process.take(2, Kind.INTERACTIVE) for process in processes))
    assert sum(granted for granted, _ in grants) == 5


async def test_never_more_than_rate_and_burst_in_any_second_of_the_server(patient: Patient) -> None:
    """Four clients as greedy as can be; the moments of the grants are the server's own."""
    rate, burst, seconds = 20, 5, 1.3
    script = TAKE.replace("return {granted,", "return {granted, now[1], now[2],")
    assert script != TAKE
    grants: list[float] = []

    async def take(client: ArqRedis) -> Any:
        return await cast("Awaitable[Any]", client.eval(script, 1, "bucket", "1", "0", str(rate), str(burst)))

    async def greedy(redis: PatientRedis) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = await redis.call(take)
            grants.extend([int(answer[1]) + int(answer[2]) / 1e6] * int(answer[0]))

    await asyncio.gather(*(greedy(patient(timeout_seconds=5)) for _ in range(4)))
    grants.sort()
    most = max(sum(start <= moment < start + 1 for moment in grants) for start in grants)
    assert rate <= most <= rate + burst


async def test_a_bucket_that_redis_has_forgotten_grants_nothing_at_once(patient: Patient) -> None:
    redis = patient()
    calls = await limiter(redis, (SLOW, 3), (SLOW, 1))
    await redis.call(lambda client: client.flushall())
    assert await films(calls, 3) == 0


@pytest.mark.parametrize(
    ("kind", "granted"), [(Kind.INTERACTIVE, 3), (Kind.NEW, 2), (Kind.REFRESH, 1), (Kind.CATALOGUE, 1)]
)
async def test_who_is_less_urgent_leaves_some_to_the_others(patient: Patient, kind: Kind, granted: int) -> None:
    calls = await limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert (await calls.take(9, kind))[0] == granted


async def test_a_bucket_of_one_serves_all_kinds(patient: Patient) -> None:
    calls = await limiter(patient(), (SLOW, 1), (SLOW, 1))
    assert (await calls.take(1, Kind.REFRESH))[0] == 1


async def test_without_redis_the_first_call_comes_after_a_pause(patient: Patient, nowhere: str) -> None:
    """Others may just have had a whole second's calls."""
    calls = await limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=2)
    granted, pause = await calls.take(10, Kind.INTERACTIVE)
    assert granted == 0
    assert 0.3 < pause <= 0.5


async def test_without_redis_one_call_is_granted_and_then_none_for_a_while(patient: Patient, nowhere: str) -> None:
    calls = await limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=2)
    await first(calls)
    granted, pause = await calls.take(10, Kind.INTERACTIVE)
    assert granted == 0
    assert 0.3 < pause <= 0.5


async def first(calls: Limiter) -> None:
    """Wait for the first call without Redis."""

    async def granted() -> bool:
        return await films(calls, 10) == 1

    await eventually(granted)


async def test_without_redis_films_and_searches_share_the_small_rate(patient: Patient, nowhere: str) -> None:
    calls = await limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=2)
    await first(calls)
    assert await lists(calls) == 0


async def test_without_redis_the_small_rate_goes_on(patient: Patient, nowhere: str) -> None:
    calls = await limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=10)
    started = time.monotonic()

    async def granted() -> bool:
        return bool(await films(calls, 1))

    for _ in range(4):
        await eventually(granted)
    assert time.monotonic() - started > 0.28


async def test_a_redis_that_comes_back_is_used_again(patient: Patient, servers: Servers) -> None:
    calls = await limiter(patient(skip_seconds=0.1), (SLOW, 50), (SLOW, 1), alone=0.5)
    servers.redis.pause()
    try:
        assert await films(calls, 10) == 0
    finally:
        servers.redis.resume()

    async def granted() -> bool:
        return await films(calls, 10) == 10

    assert await eventually(granted)
