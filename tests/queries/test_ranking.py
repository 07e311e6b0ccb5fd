"""The ranking: in SQL as in plain Python, and what holds of every list whatever the model says."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.queries.ranking import rank
from dev.testing import Servers
from shared.postgres import read_engine
from tests.queries.world import GENRES, Films, Person, World, random_world, store


@pytest.fixture
async def engine(migrated: Servers) -> AsyncIterator[AsyncEngine]:
    """As queries have it."""
    url = migrated.postgres.url.replace("postgresql://", "postgresql+asyncpg://")
    engine = read_engine(url, "test", pool_size=2, pool_timeout=5, command_timeout=5)
    yield engine
    await engine.dispose()


async def ids(engine: AsyncEngine, person: Person | None, genre: int | None = None, limit: int = 5) -> list[int]:
    return [row.kinopoisk_id for row in await rank(engine, person.id if person else None, genre, limit)]


def plain(*films: int, prior: float = 0.5) -> Films:
    """Films with nothing special about them."""
    return {id_: ([2], None, prior, 0.0) for id_ in films}


@pytest.mark.parametrize("limit", [5, 20])
async def test_it_ranks_as_the_rule_says(database: AsyncEngine, engine: AsyncEngine, limit: int) -> None:
    world = random_world(seed=limit, people=200)
    await store(database, world)
    for number, person in enumerate(world.people):
        genre = (0, *GENRES)[number % 4]
        rows = await rank(engine, person.id, genre or None, limit)
        expected = world.expected(person, genre, limit)
        assert [(row.kinopoisk_id, row.because) for row in rows] == [(one.id, one.because) for one in expected]
        assert [row.score for row in rows] == pytest.approx([one.score for one in expected], abs=1e-6)


async def test_what_holds_of_every_list(database: AsyncEngine, engine: AsyncEngine) -> None:
    world = random_world(seed=3, people=1000)
    await store(database, world)
    for number, person in enumerate(world.people):
        genre = (None, *GENRES)[number % 7]
        rows = await rank(engine, person.id, genre, 5)
        films = [row.kinopoisk_id for row in rows]
        assert not {*films} & {*person.favourites, *person.hidden}
        franchises = [franchise for id_ in films if (franchise := world.films[id_][1]) is not None]
        assert len(franchises) == len({*franchises})
        assert {row.because for row in rows} <= {None, *person.favourites}
        assert all(genre is None or genre in world.films[id_][0] for id_ in films)
        assert len(films) == 5
        assert films == await ids(engine, person, genre)


async def test_a_film_of_a_favourite_comes_before_a_better_one(database: AsyncEngine, engine: AsyncEngine) -> None:
    person = Person([1])
    await store(database, World(plain(1, 2) | plain(3, prior=0.9), {1: [(2, 1.0, 0)]}, [person]))
    assert await ids(engine, person) == [2, 3]


async def test_the_newest_favourite_speaks_loudest(database: AsyncEngine, engine: AsyncEngine) -> None:
    person = Person([1, *range(100, 125), 2])
    neighbours = {1: [(11, 1.0, 0)], 2: [(12, 1.0, 0)]}
    await store(database, World(plain(1, 2, 11, 12, *range(100, 125)), neighbours, [person]))
    rows = await rank(engine, person.id, None, 5)
    assert [(row.kinopoisk_id, row.because) for row in rows] == [(11, 1), (12, 2)]
    assert rows[0].score - rows[1].score == pytest.approx((1 - 0.5 ** (26 / 25)) / 2, abs=1e-6)


async def test_one_weak_favourite_is_no_strong_evidence(database: AsyncEngine, engine: AsyncEngine) -> None:
    person = Person([1])
    world = World(plain(1) | plain(2, prior=0.0) | plain(3, prior=0.9), {1: [(2, 0.01, 0)]}, [person], half_row_max=1.0)
    await store(database, world)
    assert await ids(engine, person) == [3, 2]


async def test_without_a_user_the_chart_is_shown(database: AsyncEngine, engine: AsyncEngine) -> None:
    await store(database, World(plain(1) | plain(2, prior=0.9), {1: [(2, 1.0, 0)]}, [Person([1])]))
    assert await ids(engine, None) == [2, 1]


async def test_of_a_franchise_the_best_is_shown(database: AsyncEngine, engine: AsyncEngine) -> None:
    films = {1: ([2], 7, 0.4, 0.0), 2: ([2], 7, 0.9, 0.0), 3: ([2], None, 0.1, 0.0)}
    await store(database, World(films, {}, [Person([])]))
    assert await ids(engine, None) == [2, 3]


async def test_a_short_list_has_three_films_for_one_reason(database: AsyncEngine, engine: AsyncEngine) -> None:
    person = Person([1, 2])
    neighbours = {1: [(id_, 1.0, 0) for id_ in range(11, 17)], 2: [(id_, 0.2, 0) for id_ in (21, 22, 23)]}
    await store(database, World(plain(1, 2, *range(11, 17), 21, 22, 23), neighbours, [person]))
    assert await ids(engine, person) == [11, 12, 13, 21, 22]
    assert (await ids(engine, person, limit=9))[:4] == [11, 12, 13, 14]


async def test_a_film_that_turned_out_to_be_for_adults_is_left_out(database: AsyncEngine, engine: AsyncEngine) -> None:
    await store(database, World(plain(1, 2), {}, [Person([])]))
    async with database.connect() as connection:
        await connection.execute(text("UPDATE film SET genres = '{2, 28}' WHERE kinopoisk_id = 1"))
    assert await ids(engine, None) == [2]


async def test_without_a_model_the_chart_is_shown(database: AsyncEngine, engine: AsyncEngine) -> None:
    person = Person([1])
    await store(database, World(plain(1, 2, 3), {1: [(3, 1.0, 0)]}, [person]))
    async with database.connect() as connection:
        await connection.execute(text("TRUNCATE film_neighbour, recommender_model"))
    rows = await rank(engine, person.id, None, 5)
    assert [(row.kinopoisk_id, row.because) for row in rows] == [(2, None), (3, None)]


async def test_without_anything_the_list_is_empty(database: AsyncEngine, engine: AsyncEngine) -> None:
    assert await ids(engine, None) == []
