"""What each user was shown in the last day, in Redis: a sorted set for each, the latest films only; and their lists."""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from arq.connections import ArqRedis

from shared.recommendations import KEPT_LISTS
from shared.redis_client import PatientRedis

STRATEGIES = ("personal", "genre", "popular")
DAY_SECONDS = 86_400
MOST_FILMS = 200
LAST_RANK = 99
# Another process may have remembered it.
CLOCK_SKEW_SECONDS = 60
SCANNED_AT_ONCE = 1_000


class Shown(NamedTuple):
    """When a film was shown (in seconds since 1970), by which strategy, at which place of its list from 1 on."""

    at: int
    strategy: str
    rank: int

    def score(self) -> int:
        """All of it as one number, later ones greater: digits of the time, one of the strategy, two of the rank."""
        return (self.at * 10 + STRATEGIES.index(self.strategy)) * 100 + min(self.rank, LAST_RANK)

    @classmethod
    def from_score(cls, score: float) -> "Shown":
        """Raises IndexError for a number that is no such score."""
        rest, rank = divmod(int(score), 100)
        at, strategy = divmod(rest, 10)
        return cls(at, STRATEGIES[strategy], rank)


ShownFilms = tuple[uuid.UUID, Mapping[int, Shown]]
Choice = tuple[uuid.UUID, int]


def key_of(user_id: uuid.UUID) -> str:
    return f"kinoshelf:shown:{user_id}"


async def remember(redis: ArqRedis, lists: Sequence[ShownFilms]) -> None:
    """The films of these users' lists, in one round trip."""
    pipeline = redis.pipeline(transaction=False)
    for user_id, films in lists:
        key = key_of(user_id)
        pipeline.zadd(key, {str(film): shown.score() for film, shown in films.items()})
        pipeline.zremrangebyrank(key, 0, -MOST_FILMS - 1)
        pipeline.expire(key, DAY_SECONDS)
    await pipeline.execute()


async def forget(redis: PatientRedis, users: Sequence[uuid.UUID]) -> None:
    """What these users were shown, and the lists that are kept for them; Redis looks through all its keys for those.

    Raises RedisAway.
    """
    await redis.call(lambda connected: connected.unlink(*map(key_of, users)))
    for user_id in users:
        cursor = await forget_lists(redis, user_id, 0)
        while cursor:
            cursor = await forget_lists(redis, user_id, cursor)


async def forget_lists(redis: PatientRedis, user_id: uuid.UUID, cursor: int) -> int:
    """Those among the next so many keys; where to go on, 0 for the end. Raises RedisAway."""

    async def scan_and_unlink(connected: ArqRedis) -> int:
        further, found = await connected.scan(cursor, match=f"{KEPT_LISTS}:*:{user_id}:*", count=SCANNED_AT_ONCE)
        if found:
            await connected.unlink(*found)
        return int(further)

    return await redis.call(scan_and_unlink)


async def remembered(redis: ArqRedis, user_id: uuid.UUID) -> dict[int, Shown]:
    """The films that the user was shown within the last day, those shown last first."""
    scores: list[tuple[bytes, float]] = await redis.zrevrange(key_of(user_id), 0, -1, withscores=True)
    return {int(film): shown for film, score in scores if film.isdigit() and (shown := shown_lately(score))}


async def take(redis: ArqRedis, choices: Sequence[Choice]) -> list[Shown | None]:
    """How each of these users was shown the film within the last day, or None; what was taken is forgotten.

    Of two that take the same at once only one gets it.
    """
    pipeline = redis.pipeline(transaction=False)
    for user_id, film in choices:
        pipeline.zscore(key_of(user_id), str(film))
        pipeline.zrem(key_of(user_id), str(film))
    answers = iter(await pipeline.execute())
    return [shown_lately(score) if removed else None for score, removed in zip(answers, answers, strict=True)]


def shown_lately(score: float | None) -> Shown | None:
    """Whoever can write to Redis must not be able to break anything here."""
    try:
        shown = None if score is None else Shown.from_score(score)
    except (IndexError, ValueError, OverflowError):
        return None
    return shown if shown and -CLOCK_SKEW_SECONDS <= time.time() - shown.at <= DAY_SECONDS else None
