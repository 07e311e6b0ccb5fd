"""Which recommendations people were shown, and which of them became favourites within a day: log events and counters.

Approximate is enough: while Redis is away what was shown is counted but not remembered.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from functools import partial

import structlog
from structlog.contextvars import unbind_contextvars

from shared import metrics
from shared.redis_client import PatientRedis, RedisAway
from shared.shown_films import STRATEGIES, Choice, Shown, ShownFilms, forget, remember, remembered, take

log = structlog.get_logger()

# Places further down have no counter of their own.
RANKS_COUNTED = 10
# What comes within the pause goes in one piece; what comes beyond the bound is counted, not remembered.
PAUSE_SECONDS, MOST_WAITING = 0.1, 200


class Impressions:
    """Takes note of what was shown and what was chosen. Its methods never wait and never fail."""

    def __init__(self, redis: PatientRedis) -> None:
        self._redis = redis
        self._shown: list[ShownFilms] = []
        self._chosen: list[Choice] = []
        self._gone: list[uuid.UUID] = []
        self._task: asyncio.Task[None] | None = None

    def shown(self, user_id: uuid.UUID | None, strategy: str, films: Sequence[tuple[int, str]]) -> None:
        """A list of this strategy with these films, best first, each with the strategy that found it.

        Without a user, a visitor's, it is only counted.
        """
        ids, strategies = [film for film, _ in films], [found_by for _, found_by in films]
        log.info("recommendations_shown", strategy=strategy, count=len(films), films=ids, strategies=strategies)
        now = int(time.time())
        places = {film: Shown(now, by, rank) for rank, (film, by) in enumerate(films, 1) if by in STRATEGIES}
        for shown in places.values():
            metrics.count(f"recommendations.shown.{shown.strategy}")
            if shown.rank <= RANKS_COUNTED:
                metrics.count(f"recommendations.shown.rank.{shown.rank}")
        if user_id and places and len(self._shown) < MOST_WAITING:
            self._shown.append((user_id, places))
        self._begin()

    async def shown_to(self, user_id: uuid.UUID) -> dict[int, Shown] | None:
        """What is remembered of the last day, the latest first; None where Redis is away."""
        try:
            return await self._redis.call(partial(remembered, user_id=user_id))
        except RedisAway:
            return None

    def chosen(self, user_id: uuid.UUID, kinopoisk_id: int) -> None:
        """The film has become a favourite; call it after the commit. Counted if it was shown within a day, and once."""
        if len(self._chosen) < MOST_WAITING:
            self._chosen.append((user_id, kinopoisk_id))
        self._begin()

    def forget(self, user_id: uuid.UUID) -> None:
        """The user is gone; call it after the commit. What Redis misses of it ends by itself within a day."""
        if len(self._gone) < MOST_WAITING:
            self._gone.append(user_id)
        self._begin()

    async def close(self) -> None:
        """Let the last ones out."""
        if self._task:
            await self._task

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        unbind_contextvars("request_id", "user_id", "kinopoisk_id")  # it speaks for many
        while self._shown or self._chosen or self._gone:
            try:
                await self._ask_redis()
            except RedisAway:
                log.debug("impressions_skipped")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask_redis(self) -> None:
        shown, self._shown = self._shown, []
        chosen, self._chosen = self._chosen, []
        gone, self._gone = self._gone, []
        if shown:
            await self._redis.call(partial(remember, lists=shown))
        if chosen:
            found = await self._redis.call(partial(take, choices=chosen))
            for choice, how in zip(chosen, found, strict=True):
                if how:
                    self._count_chosen(choice, how)
        if gone:
            await forget(self._redis, gone)

    def _count_chosen(self, choice: Choice, how: Shown) -> None:
        user_id, kinopoisk_id = choice
        hours = round(max(time.time() - how.at, 0) / 3600, 2)
        film = {"user_id": str(user_id), "kinopoisk_id": kinopoisk_id}
        log.info("recommendation_chosen", strategy=how.strategy, rank=how.rank, hours=hours, **film)
        metrics.count(f"recommendations.chosen.{how.strategy}")
