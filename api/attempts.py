"""Attempts to log in or to register: guessing is slow, and nobody can lock the owner of an account out.

Counted in Redis, by its clock and over all processes, before the password is looked at: many at once are no way around
it. Who exists is not asked, so nothing tells it. Names of keys hold no username and no address, only keyed hashes.
"""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, cast

from arq.connections import ArqRedis

from api.addresses import Origin
from api.buckets import Buckets
from api.errors import InvalidCredentials, UsernameTaken, WrongPassword
from api.refusals import TooManyAttempts
from shared.redis_client import PatientRedis, RedisAway

# KEYS: the address's bucket; for a login also the name tried from this network, and the name tried from anywhere.
# Answers in milliseconds how long this attempt has to wait, which then was not counted, and by how much it is delayed.
COUNT = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tries, cap, longest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), seconds)
local wait, delay = full_at - seconds - interval * (burst - 1), 0
if wait > 0 then return {math.ceil(wait * 1000), 0} end
if KEYS[2] then
  local known = redis.call('HMGET', KEYS[2], 'tried', 'closed_until')
  wait = tonumber(known[2] or 0) - seconds
  if wait > 0 then return {math.ceil(wait * 1000), 0} end
  local tried = tonumber(known[1] or 0) + 1
  local pause = tried >= tries and math.min(cap, 2 ^ (tried - tries + 1)) or 0
  redis.call('HSET', KEYS[2], 'tried', tried, 'closed_until', string.format('%.6f', seconds + pause))
  redis.call('EXPIRE', KEYS[2], math.ceil(cap * 4))
  local anywhere = redis.call('INCR', KEYS[3])
  redis.call('EXPIRE', KEYS[3], math.ceil(cap))
  delay = math.min(longest, math.max(0, anywhere - tries) / 20)
end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - seconds) * 1000))
return {0, math.ceil(delay * 1000)}
"""
FORGIVE = "return redis.call('DEL', unpack(KEYS))"
TAKE_BACK = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'tried', -1)
  redis.call('HDEL', KEYS[1], 'closed_until')
end
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECR', KEYS[2]) end
"""
GIVE_BACK = """
local full_at = tonumber(redis.call('GET', KEYS[1]) or 0)
if full_at > 0 then redis.call('SET', KEYS[1], string.format('%.6f', full_at - ARGV[1]), 'KEEPTTL') end
"""
MINUTE, HOUR = 60, 3_600
# While Redis is away a name is tried again from one network after so many seconds, once its first tries are used up.
PAUSE_ALONE = 30
# Who finds a name taken tries another; who collects names that exist is slow all the same.
COST_OF_A_TAKEN_NAME = 0.1


class Bounds(NamedTuple):
    """Attempts of an address; tries of a name that are free, the longest wait and the longest delay in seconds."""

    logins_a_minute: int
    tries: int
    wait_cap: float
    longest_delay: float
    registrations_an_hour: int


class Attempts:
    """Lets attempts pass, late, or not. Without Redis each process counts by itself, more coarsely."""

    def __init__(self, redis: PatientRedis, bounds: Bounds, secret: str) -> None:
        self._redis = redis
        self._bounds = bounds
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._logins_alone = Buckets(bounds.logins_a_minute / MINUTE, bounds.logins_a_minute)
        self._names_alone = Buckets(1 / min(PAUSE_ALONE, bounds.wait_cap), bounds.tries)
        self._registrations_alone = Buckets(bounds.registrations_an_hour / HOUR, bounds.registrations_an_hour)

    @asynccontextmanager
    async def log_in(self, folded: str, origin: Origin) -> AsyncIterator[None]:
        """Around one attempt; may first take `longest_delay` seconds. Raises TooManyAttempts.

        Success forgives all tries of this name so far. What could not be decided (busy, no database) was no try.
        """
        names = self._key("name", folded, origin.network), self._key("name-anywhere", folded)
        await self._begin(names, folded, origin)
        try:
            yield
        except (InvalidCredentials, WrongPassword):
            raise
        except Exception:
            await self._run(TAKE_BACK, names)
            raise
        self._names_alone.fill((folded, origin.network))
        await self._run(FORGIVE, names)

    async def _begin(self, names: tuple[str, str], folded: str, origin: Origin) -> None:
        keys = (self._key("login", origin.address), *names)
        try:
            wait, delay = await self._count(keys, MINUTE, self._bounds.logins_a_minute)
        except RedisAway:
            wait = self._logins_alone.take(origin.address) or self._names_alone.take((folded, origin.network))
            delay = 0
        if wait:
            raise TooManyAttempts(retry_after=math.ceil(wait))
        await asyncio.sleep(delay)

    async def _run(self, script: str, keys: tuple[str, ...], *figures: float) -> None:
        sent = (*keys, *map(str, figures))
        with suppress(RedisAway):
            await self._redis.call(lambda redis: cast("Awaitable[Any]", redis.eval(script, len(keys), *sent)))

    @asynccontextmanager
    async def register(self, origin: Origin) -> AsyncIterator[None]:
        """Around one attempt. Raises TooManyAttempts.

        A name that was taken costs a tenth of an account; what could not be decided (busy, no database) costs nothing.
        """
        most, key = self._bounds.registrations_an_hour, self._key("register", origin.address)
        try:
            wait, _ = await self._count((key,), HOUR, most)
        except RedisAway:
            wait = self._registrations_alone.take(origin.address)
        if wait:
            raise TooManyAttempts(retry_after=math.ceil(wait))
        try:
            yield
        except Exception as error:
            unused = 1 - COST_OF_A_TAKEN_NAME if isinstance(error, UsernameTaken) else 1
            self._registrations_alone.give_back(origin.address, unused)
            await self._run(GIVE_BACK, (key,), unused * HOUR / most)
            raise

    async def _count(self, keys: tuple[str, ...], seconds: float, most: int) -> tuple[float, float]:
        bounds = self._bounds
        figures = (seconds / most, most, bounds.tries, bounds.wait_cap, bounds.longest_delay)

        async def count(redis: ArqRedis) -> Any:
            return await cast("Awaitable[Any]", redis.eval(COUNT, len(keys), *keys, *map(str, figures)))

        wait, delay = await self._redis.call(count)
        return int(wait) / 1000, int(delay) / 1000

    def _key(self, kind: str, *parts: str) -> str:
        text = "\x00".join((kind, *parts)).encode()  # no username and no address holds a NUL
        return f"kinoshelf:attempts:{kind}:{hashlib.blake2b(text, key=self._secret, digest_size=16).hexdigest()}"
