"""What was shown and chosen: counted and logged, remembered within bounds, and nobody waits for it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.impressions import MOST_WAITING, RANKS_COUNTED, Impressions
from shared.redis_client import PatientRedis
from shared.shown_films import DAY_SECONDS, MOST_FILMS, STRATEGIES, Shown, key_of, remember
from tests.client import eventually
from tests.infra.conftest import Patient
from tests.recorded import Recorded

ANNA, BORIS = uuid.uuid4(), uuid.uuid4()
LIST = [(301, "personal"), (302, "personal"), (303, "popular")]


def by_strategy(told: Recorded, kind: str) -> dict[str, int]:
    """Counts of what was shown or chosen."""
    found = {name: told.counts[f"recommendations.{kind}.{name}"] for name in STRATEGIES}
    return {name: count for name, count in found.items() if count}


@pytest.fixture
def redis(patient: Patient) -> PatientRedis:
    return patient()


@pytest.fixture
async def impressions(redis: PatientRedis) -> AsyncIterator[Impressions]:
    made = Impressions(redis)
    yield made
    await made.close()


async def remembered(redis: PatientRedis, user_id: uuid.UUID = ANNA) -> list[int]:
    """Films, the one shown longest ago first."""
    found: Any = await redis.call(lambda client: client.zrange(key_of(user_id), 0, -1))
    return [int(film) for film in found]


async def test_films_are_counted_by_strategy_and_place(impressions: Impressions, told: Recorded) -> None:
    impressions.shown(ANNA, "personal", LIST)
    impressions.shown(BORIS, "popular", [(304, "popular")])
    await impressions.close()
    assert by_strategy(told, "shown") == {"personal": 2, "popular": 2}
    assert [told.counts[f"recommendations.shown.rank.{rank}"] for rank in (1, 2, 3, 4)] == [2, 1, 1, 0]


async def test_names_of_metrics_are_bounded(impressions: Impressions, told: Recorded) -> None:
    impressions.shown(ANNA, "personal", [(film, "personal") for film in range(1, 51)])
    impressions.shown(ANNA, "other", [(film, f"other-{film}") for film in range(1, 51)])
    await impressions.close()
    assert len(told.counts) == 1 + RANKS_COUNTED


async def test_a_list_is_logged(impressions: Impressions) -> None:
    with capture_logs() as events:
        impressions.shown(ANNA, "personal", LIST)
    assert events == [
        {
            "event": "recommendations_shown",
            "log_level": "info",
            "strategy": "personal",
            "count": 3,
            "films": [301, 302, 303],
            "strategies": ["personal", "personal", "popular"],
        }
    ]


async def test_a_shown_film_that_becomes_a_favourite_was_chosen(impressions: Impressions, told: Recorded) -> None:
    impressions.shown(ANNA, "personal", LIST)
    impressions.chosen(ANNA, 303)
    await impressions.close()
    assert by_strategy(told, "chosen") == {"popular": 1}


async def test_a_choice_is_logged_with_how_the_film_was_shown(impressions: Impressions, redis: PatientRedis) -> None:
    shown = {302: Shown(int(time.time()) - 3 * 3600, "genre", 7)}
    await redis.call(lambda client: remember(client, [(ANNA, shown)]))
    with capture_logs() as events:
        impressions.chosen(ANNA, 302)
        await impressions.close()
    assert events == [
        {
            "event": "recommendation_chosen",
            "log_level": "info",
            "user_id": str(ANNA),
            "kinopoisk_id": 302,
            "strategy": "genre",
            "rank": 7,
            "hours": 3.0,
        }
    ]


async def test_a_choice_is_counted_once(impressions: Impressions, told: Recorded) -> None:
    impressions.shown(ANNA, "personal", LIST)
    impressions.chosen(ANNA, 301)
    impressions.chosen(ANNA, 301)
    await impressions.close()
    impressions.chosen(ANNA, 301)
    await impressions.close()
    assert by_strategy(told, "chosen") == {"personal": 1}


@pytest.mark.parametrize(("user_id", "film"), [(ANNA, 999), (BORIS, 301)], ids=["other film", "other user"])
async def test_what_the_user_was_not_shown_was_not_chosen(
    impressions: Impressions, told: Recorded, user_id: uuid.UUID, film: int
) -> None:
    impressions.shown(ANNA, "personal", LIST)
    impressions.chosen(user_id, film)
    await impressions.close()
    assert by_strategy(told, "chosen") == {}


async def test_after_a_day_a_favourite_is_no_choice(
    impressions: Impressions, redis: PatientRedis, told: Recorded
) -> None:
    shown = {301: Shown(int(time.time()) - DAY_SECONDS - 60, "personal", 1)}
    await redis.call(lambda client: remember(client, [(ANNA, shown)]))
    impressions.chosen(ANNA, 301)
    await impressions.close()
    assert by_strategy(told, "chosen") == {}


@pytest.mark.parametrize("score", ["-1", "900", "1e300", "inf", "-inf", "0.5"])
async def test_a_strange_score_in_redis_is_nothing(
    impressions: Impressions, redis: PatientRedis, told: Recorded, score: str
) -> None:
    await redis.call(lambda client: client.zadd(key_of(ANNA), {"301": float(score)}))
    impressions.chosen(ANNA, 301)
    await impressions.close()
    assert (by_strategy(told, "chosen"), await remembered(redis)) == ({}, [])


async def test_a_visitor_is_counted_and_forgotten(
    impressions: Impressions, redis: PatientRedis, told: Recorded
) -> None:
    impressions.shown(None, "popular", [(301, "popular")])
    await impressions.close()
    keys: Any = await redis.call(lambda client: client.keys("kinoshelf:shown:*"))
    assert (by_strategy(told, "shown"), keys) == ({"popular": 1}, [])


async def test_the_latest_films_alone_are_remembered(redis: PatientRedis) -> None:
    now = int(time.time())
    lists = [(ANNA, {film: Shown(now + film, "personal", 1)}) for film in range(MOST_FILMS + 5)]
    await redis.call(lambda client: remember(client, lists))
    assert await remembered(redis) == list(range(5, MOST_FILMS + 5))


async def test_what_was_shown_is_forgotten_after_a_day(impressions: Impressions, redis: PatientRedis) -> None:
    impressions.shown(ANNA, "personal", LIST)
    await impressions.close()
    left: Any = await redis.call(lambda client: client.ttl(key_of(ANNA)))
    assert DAY_SECONDS - 60 < left <= DAY_SECONDS


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("rank", [1, 50, 99])
def test_a_score_tells_all_of_it(strategy: str, rank: int) -> None:
    shown = Shown(int(time.time()), strategy, rank)
    assert Shown.from_score(float(shown.score())) == shown


def test_a_later_film_has_a_greater_score() -> None:
    assert Shown(1_800_000_000, "popular", 99).score() < Shown(1_800_000_001, "personal", 1).score()


class Line(PatientRedis):
    """Counts the commands; each waits until it is let through, and does nothing."""

    def __init__(self) -> None:
        self.commands = 0
        self.under_way = 0
        self.most_under_way = 0
        self.open = asyncio.Event()

    async def call(self, command: Callable[..., Any]) -> Any:
        self.commands += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.open.wait()
        self.under_way -= 1
        return [None] * MOST_WAITING


async def test_nobody_waits(told: Recorded) -> None:
    line = Line()
    impressions = Impressions(line)
    impressions.shown(ANNA, "personal", LIST)
    assert line.commands == 0
    line.open.set()
    await impressions.close()


async def test_what_comes_meanwhile_goes_in_one_piece(told: Recorded) -> None:
    line = Line()
    impressions = Impressions(line)
    impressions.shown(ANNA, "personal", LIST)

    async def begun() -> bool:
        return line.commands == 1

    await eventually(begun)
    for _ in range(50):
        impressions.shown(ANNA, "personal", LIST)
    line.open.set()
    await impressions.close()
    assert (line.commands, line.most_under_way) == (2, 1)


async def test_a_crowd_is_counted_and_only_partly_remembered(redis: PatientRedis, told: Recorded) -> None:
    impressions = Impressions(redis)
    for _ in range(MOST_WAITING + 50):
        impressions.shown(uuid.uuid4(), "popular", [(301, "popular")])
    await impressions.close()
    keys: Any = await redis.call(lambda client: client.keys("kinoshelf:shown:*"))
    assert (by_strategy(told, "shown"), len(keys)) == ({"popular": MOST_WAITING + 50}, MOST_WAITING)


async def test_a_frozen_redis_is_no_error_and_films_are_counted(
    impressions: Impressions, told: Recorded, frozen: Callable[[], None]
) -> None:
    frozen()
    impressions.shown(ANNA, "personal", LIST)
    impressions.chosen(ANNA, 301)
    async with asyncio.timeout(3):
        await impressions.close()
    assert by_strategy(told, "shown") == {"personal": 2, "popular": 1}


async def test_closing_what_saw_nothing_is_done(impressions: Impressions) -> None:
    await impressions.close()
