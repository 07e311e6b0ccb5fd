"""The limiter: two nested buckets by the server's clock, and a small rate of its own where Redis is gone."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, cast

import pytest
from arq.connections import ArqRedis

from dev.testing import Servers
from shared.enrichment.limiter import TAKE, Limiter
from shared.redis_client import PatientRedis
from tests.client import eventually
from tests.infra.conftest import Patient

SLOW = 0.001  # tokens a second: within a test, none


def limiter(redis: PatientRedis, overall: tuple[float, int], search: tuple[float, int], alone: float = 20) -> Limiter:
    return Limiter(redis, overall=overall, search=search, rate_without_redis=alone)


async def test_a_full_bucket_grants_its_burst_and_no_more(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [(await calls.take_films(1))[0] for _ in range(5)] == [1, 1, 1, 0, 0]


async def test_as_many_are_granted_as_are_there(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [(await calls.take_films(count))[0] for count in (2, 5, 5)] == [2, 1, 0]


async def test_who_asks_for_nothing_takes_nothing(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert (await calls.take_films(0))[0] == 0
    assert (await calls.take_films(9))[0] == 3


async def test_a_search_takes_from_both_buckets(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 9))
    assert (await calls.take_search())[0] == 1
    assert (await calls.take_films(9))[0] == 2


async def test_films_leave_the_bucket_of_searches_alone(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert (await calls.take_films(2))[0] == 2
    assert (await calls.take_search())[0] == 1


async def test_a_search_that_its_own_bucket_refuses_takes_nothing_from_all(patient: Patient) -> None:
    calls = limiter(patient(), (SLOW, 3), (SLOW, 1))
    assert [(await calls.take_search())[0] for _ in range(3)] == [1, 0, 0]
    assert (await calls.take_films(9))[0] == 2


async def test_a_search_that_the_overall_bucket_refuses_takes_nothing_from_its_own(patient: Patient) -> None:
    redis = patient()
    starved = limiter(redis, (SLOW, 1), (SLOW, 2))
    await starved.take_films(1)
    assert (await starved.take_search())[0] == 0

    async def left(client: ArqRedis) -> Any:
        return await cast("Awaitable[Any]", client.hget("kinoshelf:limiter:search", "tokens"))

    assert float(await redis.call(left)) == pytest.approx(2, abs=0.01)


async def test_a_refusal_says_when_the_next_call_may_be(patient: Patient) -> None:
    calls = limiter(patient(), (4, 1), (4, 1))
    await calls.take_films(1)
    granted, pause = await calls.take_films(1)
    assert granted == 0
    assert 0.15 < pause <= 0.251


async def test_after_the_pause_a_call_is_granted(patient: Patient) -> None:
    calls = limiter(patient(), (10, 1), (10, 1))
    await calls.take_films(1)

    async def granted() -> bool:
        return bool((await calls.take_films(1))[0])

    started = time.monotonic()
    await eventually(granted, 2)
    assert time.monotonic() - started > 0.05


async def test_all_processes_share_the_buckets(patient: Patient) -> None:
    processes = [limiter(patient(), (SLOW, 5), (SLOW, 1)) for _ in range(4)]
    grants = await asyncio.gather(*(process.take_films(2) for process in processes))
    assert sum(granted for granted, _ in grants) == 5


async def test_never_more_than_rate_and_burst_in_any_second_of_the_server(patient: Patient) -> None:
    """Four clients as greedy as can be; the moments of the grants are the server's own."""
    rate, burst, seconds = 20, 5, 1.3
    script = TAKE.replace("return {granted,", "return {granted, now[1], now[2],")
    assert script != TAKE
    grants: list[float] = []

    async def take(client: ArqRedis) -> Any:
        return await cast("Awaitable[Any]", client.eval(script, 1, "bucket", "1", str(rate), str(burst)))

    async def greedy(redis: PatientRedis) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = await redis.call(take)
            grants.extend([int(answer[1]) + int(answer[2]) / 1e6] * int(answer[0]))

    await asyncio.gather(*(greedy(patient(timeout_seconds=5)) for _ in range(4)))
    grants.sort()
    most = max(sum(start <= moment < start + 1 for moment in grants) for start in grants)
    assert rate <= most <= rate + burst


async def test_without_redis_one_call_is_granted_and_then_none_for_a_while(patient: Patient, nowhere: str) -> None:
    calls = limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=0.5)
    assert (await calls.take_films(10))[0] == 1
    granted, pause = await calls.take_films(10)
    assert granted == 0
    assert 1 < pause <= 2


async def test_without_redis_films_and_searches_share_the_small_rate(patient: Patient, nowhere: str) -> None:
    calls = limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=0.5)
    assert (await calls.take_films(1))[0] == 1
    assert (await calls.take_search())[0] == 0


async def test_without_redis_the_small_rate_goes_on(patient: Patient, nowhere: str) -> None:
    calls = limiter(patient(nowhere), (1000, 1000), (1000, 1000), alone=10)
    started = time.monotonic()

    async def granted() -> bool:
        return bool((await calls.take_films(1))[0])

    for _ in range(4):
        await eventually(granted, 2)
    assert time.monotonic() - started > 0.28


async def test_a_redis_that_comes_back_is_used_again(patient: Patient, servers: Servers) -> None:
    calls = limiter(patient(skip_seconds=0.1), (SLOW, 50), (SLOW, 1), alone=0.5)
    servers.redis.pause()
    try:
        assert (await calls.take_films(10))[0] == 1
    finally:
        servers.redis.resume()

    async def granted() -> bool:
        return (await calls.take_films(10))[0] == 10

    assert await eventually(granted, 5)
