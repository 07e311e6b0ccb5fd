"""Answers of searches in Redis: fresh for a while, and kept much longer for the time when upstream cannot be asked.

Also the one who asks: of equal questions put to several processes at once, one goes to upstream.
"""

import hashlib
import time
import unicodedata
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import orjson

from shared import metrics
from shared.kinopoisk.fields import LARGEST_ID
from shared.redis_client import PatientRedis, RedisAway

# What upstream sends is 20; anything much longer was not written by us.
LONGEST_PAGE = 100
# Deleted only by who set it: somebody slower must not end the turn of the next.
END_TURN = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Found(NamedTuple):
    """A page of a search: ids of films, how many pages and films there are, when upstream said so."""

    films: list[int]
    pages: int
    total: int
    fetched_at: datetime


def search_key(query: str, page: int) -> str:
    """Equal for questions that differ in nothing but case, white space and the form of their letters."""
    plain = " ".join(unicodedata.normalize("NFKC", query).casefold().split())
    return f"kinoshelf:search:{hashlib.sha256(plain.encode()).hexdigest()[:32]}:{page}"


@dataclass(frozen=True)
class SearchCache:
    """Never raises: without Redis nothing is known and everybody asks for himself."""

    redis: PatientRedis
    fresh_seconds: float
    kept_seconds: float

    async def get(self, key: str) -> Found | None:
        """What is kept, however old."""
        try:
            kept = await self.redis.call(lambda redis: cast("Awaitable[bytes | None]", redis.get(key)))
        except RedisAway:
            metrics.count("cache.search.away")
            return None
        found = _read(kept) if kept else None
        outcome = "miss" if found is None else "hit" if self.is_fresh(found) else "old"
        metrics.count(f"cache.search.{outcome}")
        return found

    def is_fresh(self, found: Found) -> bool:
        """Nothing found is asked for again much sooner: films appear, and an odd answer may look like that."""
        lasts = self.fresh_seconds if found.films else self.fresh_seconds / 24
        return (datetime.now(UTC) - found.fetched_at).total_seconds() < lasts

    async def put(self, key: str, found: Found) -> None:
        value = orjson.dumps([found.films, found.pages, found.total, found.fetched_at.timestamp()])
        milliseconds = max(round(self.kept_seconds * 1000), 1)
        try:
            await self.redis.call(lambda redis: cast("Awaitable[Any]", redis.set(key, value, px=milliseconds)))
        except RedisAway:
            return

    async def take_turn(self, key: str, seconds: float) -> str | None:
        """A token for who is the one to ask upstream now; None where somebody else is."""
        token, milliseconds = uuid.uuid4().hex, max(round(seconds * 1000), 1)
        turn = f"{key}:turn"
        try:
            taken = await self.redis.call(
                lambda redis: cast("Awaitable[Any]", redis.set(turn, token, nx=True, px=milliseconds))
            )
        except RedisAway:
            return token
        return token if taken else None

    async def end_turn(self, key: str, token: str) -> None:
        try:
            await self.redis.call(lambda redis: cast("Awaitable[Any]", redis.eval(END_TURN, 1, f"{key}:turn", token)))
        except RedisAway:
            return


def _read(kept: bytes) -> Found | None:
    """Whoever can write to Redis must not be able to break a search."""
    try:
        films, pages, total, seconds = orjson.loads(kept)
        said = datetime.fromtimestamp(min(float(seconds), time.time()), UTC)
        numbers = all(isinstance(number, int) and 0 <= number <= LARGEST_ID for number in (*films, pages, total))
        return Found(films, pages, total, said) if numbers and len(films) <= LONGEST_PAGE else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
