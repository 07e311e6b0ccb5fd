"""Rendered answers in Redis, under keys that change with whatever they were made from, so that none need be deleted."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, cast

from shared import metrics
from shared.redis_client import PatientRedis, RedisAway


@dataclass(frozen=True)
class AnswerCache:
    """Never raises: without Redis nothing is known, and each answer is made anew."""

    name: str
    redis: PatientRedis
    seconds: float

    async def get(self, key: str) -> bytes | None:
        try:
            answer = await self.redis.call(lambda redis: cast("Awaitable[bytes | None]", redis.get(key)))
        except RedisAway:
            metrics.count(f"cache.{self.name}.away")
            return None
        metrics.count(f"cache.{self.name}.{'hit' if answer else 'miss'}")
        return answer

    async def put(self, key: str, answer: bytes) -> None:
        milliseconds = max(round(self.seconds * 1000), 1)
        try:
            await self.redis.call(lambda redis: cast("Awaitable[Any]", redis.set(key, answer, px=milliseconds)))
        except RedisAway:
            return
