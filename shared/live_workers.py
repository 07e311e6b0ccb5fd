"""Which workers live: each says so in Redis every few seconds; who is silent is soon not counted."""

from collections.abc import Awaitable
from typing import Any, cast

from shared.redis_client import PatientRedis

KEY = "kinoshelf:workers"
# A worker that has said nothing for so long is taken for dead.
SILENCE_SECONDS = 15

BEAT = f"""
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - {SILENCE_SECONDS})
redis.call('EXPIRE', KEYS[1], {SILENCE_SECONDS})
"""
COUNT = f"""
local now = tonumber(redis.call('TIME')[1])
return redis.call('ZCOUNT', KEYS[1], '(' .. now - {SILENCE_SECONDS}, '+inf')
"""


class LiveWorkers:
    """The register of them, by Redis's clock. Every method raises RedisAway."""

    def __init__(self, redis: PatientRedis) -> None:
        self._redis = redis

    async def beat(self, worker_id: str) -> None:
        """This worker lives."""
        await self._redis.call(lambda redis: cast("Awaitable[Any]", redis.eval(BEAT, 1, KEY, worker_id)))

    async def leave(self, worker_id: str) -> None:
        """This worker takes no more work."""
        await self._redis.call(lambda redis: redis.zrem(KEY, worker_id))

    async def count(self) -> int:
        """How many live."""
        return int(await self._redis.call(lambda redis: cast("Awaitable[Any]", redis.eval(COUNT, 1, KEY))))
