"""How fast upstream may be asked, over all processes: two nested token buckets in Redis, lists inside overall.

In any second at most rate + burst calls pass, so the settings keep rate + burst at or under 90 % of what upstream
publishes. A bucket that Redis has forgotten starts empty: a flush grants nothing. Without Redis each process goes on
by itself at a small fixed rate.
"""

import time
from collections.abc import Awaitable
from typing import Any, cast

from arq.connections import ArqRedis

from shared.redis_client import PatientRedis, RedisAway
from shared.upstream.terms import Kind

# Token buckets refilled by the server's clock. Takes as many tokens as are asked for and there, and leaves `spare` of
# them to the more urgent; answers how many were taken and in how many milliseconds the next one may be there.
TAKE = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local granted, spare, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
local levels = {}
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[i * 2 + 1]), tonumber(ARGV[i * 2 + 2])
  local kept = math.min(spare, burst - 1)
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(bucket[1] or 0)
  tokens = math.min(burst, tokens + math.max(0, seconds - tonumber(bucket[2] or seconds)) * rate)
  levels[i] = tokens
  granted = math.min(granted, math.max(math.floor(tokens - kept), 0))
  if tokens < 1 + kept then wait = math.max(wait, (1 + kept - tokens) / rate) end
end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'tokens', tostring(levels[i] - granted), 'at', string.format('%.6f', seconds))
  redis.call('EXPIRE', key, 86400)
end
return {granted, math.ceil(wait * 1000)}
"""

OVERALL, LISTS = "kinoshelf:limiter:overall", "kinoshelf:limiter:lists"
# Tokens left to the more urgent.
SPARE = {Kind.INTERACTIVE: 0, Kind.NEW: 1, Kind.REFRESH: 2, Kind.CATALOGUE: 2}


class Limiter:
    """Grants calls; never waits itself."""

    def __init__(
        self,
        redis: PatientRedis,
        *,
        overall: tuple[float, int],
        lists: tuple[float, int],
        rate_without_redis: float,
    ) -> None:
        self._redis = redis
        self._buckets = {OVERALL: overall, LISTS: lists}
        self._pause_without_redis = 1 / rate_without_redis
        self._next_without_redis: float | None = None

    async def take(self, count: int, kind: Kind, *, listed: bool = False) -> tuple[int, float]:
        """Up to `count` calls: how many were granted, and in how many seconds the next may be.

        `listed` is a search, /films or a collection, which upstream bounds by a lower rate of their own.
        """
        keys = [OVERALL, LISTS] if listed else [OVERALL]
        figures = [str(figure) for key in keys for figure in self._buckets[key]]

        async def take(redis: ArqRedis) -> Any:
            arguments = (*keys, str(count), str(SPARE[kind]), *figures)
            return await cast("Awaitable[Any]", redis.eval(TAKE, len(keys), *arguments))

        try:
            granted, milliseconds = await self._redis.call(take)
        except RedisAway:
            return self._take_alone()
        self._next_without_redis = None
        return int(granted), int(milliseconds) / 1000

    def _take_alone(self) -> tuple[int, float]:
        """One at a time; the first only after a pause, because others may just have had a whole second's calls."""
        now = time.monotonic()
        if self._next_without_redis is None:
            self._next_without_redis = now + self._pause_without_redis
        if now < self._next_without_redis:
            return 0, self._next_without_redis - now
        self._next_without_redis = now + self._pause_without_redis
        return 1, self._pause_without_redis
