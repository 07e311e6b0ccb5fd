"""How films do at large: prior, trend, franchise and charts, held against figures worked out by hand."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import wiring
from shared.settings import Settings
from tests.client import Client, eventually
from tests.worker_process import Worker
from worker import charts
from worker.jobs.trend import DUE
from worker.trend import LOCK, refresh_trend

Sql = Callable[..., Awaitable[Any]]


@pytest.fixture
async def engine(settings: Settings, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """What the worker writes with, over an empty database."""
    engine = wiring.patient_engine(settings, "kinoshelf-test")
    yield engine
    await engine.dispose()


async def store(
    sql: Sql, film: int, rating: float | None = None, votes: int | None = None, genres: Sequence[int] = (2,)
) -> None:
    await sql(
        """INSERT INTO film (kinopoisk_id, document, rating, votes, genres)
        VALUES (:film, '{}', :rating, :votes, CAST(:genres AS smallint[]))""",
        film=film,
        rating=rating,
        votes=votes,
        genres=list(genres),
    )


async def favour(sql: Sql, film: int, *days_ago: float) -> None:
    """One person for each of these days."""
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (:film) ON CONFLICT DO NOTHING", film=film)
    await sql(
        """WITH person AS (
            INSERT INTO user_account (id, username, username_folded, password_hash)
            SELECT id, id, id, '-' FROM (
                SELECT gen_random_uuid() AS id FROM generate_series(1, cardinality(CAST(:days AS float8[])))
            ) AS made RETURNING id
        )
        INSERT INTO favourite (user_id, kinopoisk_id, added_at)
        SELECT person.id, :film, now() - days * interval '1 day'
        FROM (SELECT id, row_number() OVER () AS n FROM person) AS person
        JOIN unnest(CAST(:days AS float8[])) WITH ORDINALITY AS added (days, n) USING (n)""",
        film=film,
        days=list(days_ago),
    )


async def collect(sql: Sql, name: str, *films: int) -> None:
    await sql("INSERT INTO collection (name, films) VALUES (:name, CAST(:films AS integer[]))", name=name, films=films)


async def relate(sql: Sql, film: int, *related: int, relation: str = "sequel") -> None:
    await sql(
        """INSERT INTO film_relation (kinopoisk_id, relation, related)
        VALUES (:film, :relation, CAST(:related AS integer[]))""",
        film=film,
        relation=relation,
        related=related,
    )


async def column(sql: Sql, name: str) -> dict[int, Any]:
    """One column of film_trend, by film."""
    found = await sql(f"SELECT json_object_agg(kinopoisk_id, {name}) FROM film_trend")
    return {int(film): value for film, value in (found or {}).items()}


async def chart(sql: Sql, genre: int = 0) -> list[tuple[int, int]]:
    """Places and films."""
    return [
        (place, film)
        for place, film in await sql(
            "SELECT coalesce(json_agg(json_build_array(place, kinopoisk_id) ORDER BY place), '[]') "
            "FROM film_chart WHERE genre = :genre",
            genre=genre,
        )
    ]


async def version(sql: Sql) -> int:
    return int(await sql("SELECT version FROM recommender_model"))


def near(value: float) -> Any:
    """Priors of rated films have four digits."""
    return pytest.approx(value, abs=6e-5)


def damped(votes: float) -> float:
    return math.log(1 + votes) / math.log(500_001)


async def test_a_rating_is_drawn_to_the_mean_the_more_the_fewer_have_voted(engine: AsyncEngine, sql: Sql) -> None:
    for film, rating, votes in ((1, 9.0, 1_000), (2, 7.0, 100_000), (3, 5.0, 10_000)):
        await store(sql, film, rating, votes)
    await refresh_trend(engine)
    usual = 10_000 + 0.2 * (100_000 - 10_000)  # the 60th percentile of three lies a fifth of the way to the third
    drawn = (1_000 * 9 + usual * 7) / (1_000 + usual)
    assert (await column(sql, "prior"))[1] == near((drawn - 5) / 4 * damped(1_000))


@pytest.mark.parametrize(("rating", "prior"), [(10.0, 1), (1.0, 0)])
async def test_priors_stay_between_0_and_1(engine: AsyncEngine, sql: Sql, rating: float, prior: int) -> None:
    await store(sql, 1, rating, 90_000_000)
    await refresh_trend(engine)
    assert await column(sql, "prior") == {1: prior}


@pytest.mark.parametrize(
    ("collections", "votes"),
    [
        ({}, 500),
        ({"TOP_250_MOVIES": [1]}, 200_000),
        ({"TOP_POPULAR_ALL": [1]}, 200_000),
        ({"TOP_POPULAR_ALL": [*range(1_001, 1_021), 1]}, 100_000),
        ({"ZOMBIE_THEME": [1]}, 20_000),
        ({"ZOMBIE_THEME": [1], "TOP_250_MOVIES": [7, 1]}, 200_000),
    ],
)
async def test_votes_that_no_list_tells_are_estimated_by_collection(
    engine: AsyncEngine, sql: Sql, collections: dict[str, list[int]], votes: int
) -> None:
    """It is the only film, so the mean is its own rating."""
    await store(sql, 1, 8.0)
    for name, films in collections.items():
        await collect(sql, name, *films)
    await refresh_trend(engine)
    assert await column(sql, "prior") == {1: near(0.75 * damped(votes))}


async def test_without_any_rating_the_prior_is_the_share_of_the_most_favoured(engine: AsyncEngine, sql: Sql) -> None:
    for film, people in ((1, 7), (2, 3), (3, 0)):
        await store(sql, film)
        await favour(sql, film, *[30] * people)
    await refresh_trend(engine)
    assert await column(sql, "prior") == {1: 1, 2: pytest.approx(3 / 7, rel=1e-7), 3: 0}


async def test_among_rated_films_a_favourite_of_an_unrated_one_is_damped_like_a_vote(
    engine: AsyncEngine, sql: Sql
) -> None:
    await store(sql, 1, 8.0, 1_000)
    await store(sql, 2)
    await favour(sql, 2, 0)
    await refresh_trend(engine)
    assert (await column(sql, "prior"))[2] == near(damped(1))


async def test_a_favourite_counts_half_after_a_week(engine: AsyncEngine, sql: Sql) -> None:
    for film, days in ((1, 0), (2, 7), (3, 14)):
        await store(sql, film)
        await favour(sql, film, days)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {1: 1, 2: near(0.5), 3: near(0.25)}


async def test_favourites_of_a_film_add_up(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1)
    await store(sql, 2)
    await favour(sql, 1, 0, 7)
    await favour(sql, 2, 7, 7)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {1: 1, 2: near(2 / 3)}


async def test_a_favourite_of_long_ago_is_nothing_and_no_error(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1)
    await store(sql, 2)
    await favour(sql, 1, 0)
    await favour(sql, 2, 40_000)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {1: 1, 2: 0}


async def test_what_was_added_after_the_moment_asked_for_counts_as_added_then(engine: AsyncEngine, sql: Sql) -> None:
    for film, days in ((1, 0), (2, 14), (3, 21)):
        await store(sql, film)
        await favour(sql, film, days)
    await refresh_trend(engine, datetime.now(UTC) - timedelta(days=14))
    assert await column(sql, "trend") == {1: 1, 2: pytest.approx(1, abs=1e-3), 3: pytest.approx(0.5, abs=1e-3)}


async def test_without_favourites_there_is_no_trend(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {1: 0}


async def test_until_there_are_favourites_popular_collections_stand_in_by_place(engine: AsyncEngine, sql: Sql) -> None:
    for film in (1, 2, 3):
        await store(sql, film)
    await collect(sql, "TOP_POPULAR_ALL", *range(101, 121), 1, 2)
    await collect(sql, "TOP_POPULAR_MOVIES", 2)
    await collect(sql, "TOP_250_MOVIES", 3)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {2: 1, 1: near(20 / 40), 3: 0}


async def test_stand_ins_fade_as_favourites_come(engine: AsyncEngine, sql: Sql) -> None:
    """The whole collection weighs as much as 100 favourites: here that is its only film."""
    await store(sql, 1)
    await store(sql, 2)
    await collect(sql, "TOP_POPULAR_ALL", 1)
    await favour(sql, 2, *[0] * 400)
    await refresh_trend(engine)
    assert await column(sql, "trend") == {1: pytest.approx(0.25, abs=1e-4), 2: 1}


async def test_films_for_adults_and_films_without_genres_are_left_out(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    await store(sql, 2, 9.0, 1_000, genres=[2, 28])
    await store(sql, 3, 9.0, 1_000, genres=[])
    await refresh_trend(engine)
    assert (await column(sql, "genres"), await chart(sql)) == ({1: [2]}, [(1, 1)])


async def test_a_franchise_is_named_by_its_smallest_id_however_its_films_hang_together(
    engine: AsyncEngine, sql: Sql
) -> None:
    """A chain that leads to a film nobody stored, a cycle, a film with similar ones only, one with nothing."""
    for film in (10, 11, 12, 20, 21, 22, 30, 31):
        await store(sql, film)
    for film, related in ((12, [11]), (11, [10]), (10, [5]), (20, [21]), (21, [22]), (22, [20]), (31, [])):
        await relate(sql, film, *related)
    await relate(sql, 30, 10, relation="similar")
    await refresh_trend(engine)
    expected = {10: 5, 11: 5, 12: 5, 20: 20, 21: 20, 22: 20, 30: None, 31: None}
    assert await column(sql, "franchise") == expected


async def test_charts_are_dense_and_by_score_then_id(engine: AsyncEngine, sql: Sql) -> None:
    for film, rating, genres in ((4, 7.0, [2]), (3, 7.0, [1, 2]), (2, 8.0, [1]), (1, 6.0, [2])):
        await store(sql, film, rating, 1_000, genres)
    await favour(sql, 1, 0)
    await refresh_trend(engine)
    assert await chart(sql) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert await chart(sql, 1) == [(1, 2), (2, 3)]
    assert await chart(sql, 2) == [(1, 1), (2, 3), (3, 4)]


async def test_where_nothing_changed_the_version_stays(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    await favour(sql, 1, 0)
    assert await refresh_trend(engine) == 1
    before = await version(sql)
    await sql("UPDATE recommender_model SET trend_at = now() - interval '1 hour'")
    assert await refresh_trend(engine) == 0
    assert await version(sql) == before
    assert await sql("SELECT trend_at > now() - interval '1 minute' FROM recommender_model")


async def test_a_change_raises_the_version_and_keeps_what_the_rebuild_wrote(engine: AsyncEngine, sql: Sql) -> None:
    ahead = 9_000_000_000_000_000_000
    await sql("INSERT INTO recommender_model (version, half_row_max) VALUES (:version, 0.5)", version=ahead)
    await store(sql, 1, 8.0, 1_000)
    await refresh_trend(engine)
    assert await version(sql) == ahead + 1
    assert await sql("SELECT half_row_max FROM recommender_model") == 0.5


async def test_only_rows_that_differ_are_written(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    await store(sql, 2, 7.0, 1_000)
    await refresh_trend(engine)
    rows = "SELECT json_object_agg(kinopoisk_id, xmin::text || ' ' || xmax::text) FROM film_trend"
    before = await sql(rows)
    await sql("UPDATE film SET genres = '{3}' WHERE kinopoisk_id = 2")
    assert await refresh_trend(engine) == 1
    after = await sql(rows)
    assert (after["1"] == before["1"], after["2"] == before["2"]) == (True, False)


async def test_a_film_that_went_away_leaves_trend_and_charts(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    await store(sql, 2, 7.0, 1_000)
    await refresh_trend(engine)
    await sql("DELETE FROM film WHERE kinopoisk_id = 1")
    assert await refresh_trend(engine) == 2  # what remains is drawn to another mean
    assert (await column(sql, "franchise"), await chart(sql)) == ({2: None}, [(1, 2)])


async def test_a_chart_ends_somewhere(engine: AsyncEngine, sql: Sql) -> None:
    await sql(
        """INSERT INTO film (kinopoisk_id, document, genres) SELECT n, '{}', '{2}' FROM generate_series(1, :n) n""",
        n=charts.PLACES + 1,
    )
    await refresh_trend(engine)
    assert await sql("SELECT max(place) FROM film_chart WHERE genre = 2") == charts.PLACES


async def test_while_somebody_else_is_at_it_nothing_is_done(engine: AsyncEngine, sql: Sql) -> None:
    await store(sql, 1, 8.0, 1_000)
    async with engine.begin() as other:
        await other.execute(LOCK)
        assert await refresh_trend(engine) == 0
        assert await sql("SELECT count(*) FROM film_trend") == 0
    assert await refresh_trend(engine) == 1


WORLDS = {
    "no films": ([], False),
    "none made yet": (["film"], True),
    "nothing new": (["film", "trend", "made: 59 minutes"], False),
    "an hour ago": (["film", "trend", "made: 61 minutes"], True),
    "new films, just made": (["film", "trend", "new film", "made: 6 seconds"], False),
    "new films": (["film", "trend", "new film", "made: 9 seconds"], True),
    "a film it does not know, stored with its old time": (["film", "trend", "old film", "made: 12 seconds"], True),
    "a new film that is not recommended, but may have been": (
        ["film", "trend", "film for adults", "made: 12 seconds"],
        True,
    ),
    "a chart that was emptied": (["film", "trend", "no chart", "made: 1 second"], True),
    "a new franchise": (["film", "trend", "sequel", "made: 12 seconds"], True),
    "a franchise known for long": (["film", "trend", "old sequel", "made: 12 seconds"], False),
    "large, new films": (["film", "large trend", "new film", "made: 9 minutes"], False),
    "large, new films for ten minutes": (["film", "large trend", "new film", "made: 11 minutes"], True),
    "large, a film with its old time": (["film", "large trend", "unknown film", "made: 11 minutes"], True),
    "large, nothing new": (["film", "large trend", "made: 11 minutes"], False),
}
CHART = "WITH chart AS (INSERT INTO film_chart VALUES (0, 1, 1))"
SEQUEL = "INSERT INTO film_relation (kinopoisk_id, relation, related, fetched_at) VALUES (1, 'sequel', '{2}',"
FILM = "INSERT INTO film (kinopoisk_id, document, genres, fetched_at)"
STEPS = {
    "film": f"{FILM} VALUES (1, '', '{{2}}', now() - interval '1 day')",
    "new film": f"{FILM} VALUES (2, '', '{{2}}', now())",
    "old film": f"{FILM} VALUES (3, '', '{{2}}', now() - interval '1 day')",
    "film for adults": f"{FILM} VALUES (2, '', '{{28}}', now())",
    "unknown film": f"{FILM} VALUES (6000, '', '{{2}}', now() - interval '1 day')",
    "trend": f"{CHART} INSERT INTO film_trend VALUES (1, '{{2}}', NULL, 0, 0)",
    "large trend": f"{CHART} INSERT INTO film_trend SELECT n, '{{2}}', NULL, 0, 0 FROM generate_series(1, 5000) AS n",
    "no chart": "TRUNCATE film_chart",
    "sequel": f"{SEQUEL} now())",
    "old sequel": f"{SEQUEL} now() - interval '1 day')",
}
MADE = "INSERT INTO recommender_model (version, trend_at) VALUES (1, now() - CAST(:ago AS text)::interval)"


@pytest.mark.parametrize("world", WORLDS)
async def test_when_the_trend_is_due(sql: Sql, database: AsyncEngine, world: str) -> None:
    steps, due = WORLDS[world]
    for step in steps:
        made, _, ago = step.partition(": ")
        await (sql(MADE, ago=ago) if made == "made" else sql(STEPS[step]))
    async with database.connect() as connection:
        assert await connection.scalar(DUE) is due


async def test_a_worker_that_starts_makes_the_trend(anna: Client, settings: Settings, sql: Sql) -> None:
    await anna.get("/movies/301")
    async with Worker.running(settings):
        await eventually(lambda: sql("SELECT EXISTS (SELECT FROM film_trend JOIN film_chart USING (kinopoisk_id))"))
