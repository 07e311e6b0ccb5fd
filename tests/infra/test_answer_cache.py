"""Answers kept in Redis, and what happens without it."""

from collections.abc import AsyncIterator

import pytest

from dev.testing import Servers
from shared import redis_client
from shared.answer_cache import AnswerCache
from shared.redis_client import PatientRedis
from tests.recorded import Recorded


def cache_at(url: str, seconds: float = 60) -> AnswerCache:
    return AnswerCache("test", PatientRedis(redis_client.connect(url, 0.3), 0.3, 3), seconds)


@pytest.fixture
async def cache(servers: Servers) -> AsyncIterator[AnswerCache]:
    cache = cache_at(servers.redis.url)
    yield cache
    await cache.redis.close()


async def test_what_was_put_is_there(cache: AnswerCache) -> None:
    await cache.put("test:kept", b"answer")
    assert await cache.get("test:kept") == b"answer"


async def test_what_was_not_put_is_not_there(cache: AnswerCache) -> None:
    assert await cache.get("test:never") is None


async def test_without_redis_nothing_is_known_and_nothing_fails() -> None:
    away = cache_at("redis://127.0.0.1:1/0")
    await away.put("test:kept", b"answer")
    assert await away.get("test:kept") is None
    await away.redis.close()


async def test_looks_are_counted(cache: AnswerCache, told: Recorded) -> None:
    await cache.put("test:counted", b"answer")
    await cache.get("test:counted")
    await cache.get("test:nothing")
    assert told.counts == {"cache.test.hit": 1, "cache.test.miss": 1}


async def test_looks_without_redis_are_counted(nowhere: str, told: Recorded) -> None:
    cache = cache_at(nowhere)
    for _ in range(2):
        await cache.get("test:counted")
    await cache.redis.close()
    assert told.counts == {"redis.away": 1, "cache.test.away": 2}
