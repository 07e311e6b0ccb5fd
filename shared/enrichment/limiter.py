"""How fast upstream may be asked, over all processes: two nested token buckets in Redis, search inside overall.

In any second at most rate + burst calls pass, so the settings keep rate + burst at or under 90 % of what upstream
publishes; a flush grants one burst more, so rate + 2 × burst keeps to what is published. Without Redis each process
goes on by itself at a small fixed rate.
"""

import time
from collections.abc import Awaitable
from typing import Any, cast

from arq.connections import ArqRedis

from shared.redis_client import PatientRedis, RedisAway

# Token buckets refilled by the server's clock. Takes as many tokens as are asked for and there; answers how many were
# taken and in how many milliseconds the next one is there.
TAKE = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local asked, granted, wait = tonumber(ARGV[1]), tonumber(ARGV[1]), 0
local levels = {}
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(bucket[1] or burst)
  tokens = math.min(burst, tokens + math.max(0, seconds - tonumber(bucket[2] or seconds)) * rate)
  levels[i] = tokens
  granted = math.min(granted, math.floor(tokens))
  if tokens < 1 then wait = math.max(wait, (1 - tokens) / rate) end
end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'tokens', tostring(levels[i] - granted), 'at', string.format('%.6f', seconds))
  redis.call('EXPIRE', key, 60)
end
return {granted, math.ceil(wait * 1000)}
"""


class Limiter:
    """Grants calls; never waits itself."""

    def __init__(
        self,
        redis: PatientRedis,
        *,
        overall: tuple[float, int],
        search: tuple[float, int],
        rate_without_redis: float,
    ) -> None:
        self._redis = redis
        self._buckets = {"kinoshelf:limiter:overall": overall, "kinoshelf:limiter:search": search}
        self._pause_without_redis = 1 / rate_without_redis
        self._next_without_redis = 0.0

    async def take_films(self, count: int) -> tuple[int, float]:
        """Up to `count` calls for films: how many were granted, and in how many seconds the next may be."""
        return await self._take(count, ["kinoshelf:limiter:overall"])

    async def take_search(self) -> tuple[int, float]:
        """One search."""
        return await self._take(1, list(self._buckets))

    async def _take(self, count: int, keys: list[str]) -> tuple[int, float]:
        figures = [str(figure) for key in keys for figure in self._buckets[key]]

        async def take(redis: ArqRedis) -> Any:
            return await cast("Awaitable[Any]", redis.eval(TAKE, len(keys), *keys, str(count), *figures))

        try:
            granted, milliseconds = await self._redis.call(take)
        except RedisAway:
            return self._take_alone()
        return int(granted), int(milliseconds) / 1000

    def _take_alone(self) -> tuple[int, float]:
        now = time.monotonic()
        if now < self._next_without_redis:
            return 0, self._next_without_redis - now
        self._next_without_redis = now + self._pause_without_redis
        return 1, self._pause_without_redis
