"""What bench.recommend puts into the database before the rebuild: films, favourites, relations, trend."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.offline import fit
from bench.offline.csv_files import Title, read_liked
from bench.offline.film_rows import UNNAMED
from dev.testing import Servers

DAY = timedelta(days=1).total_seconds()
# Film 2 was liked lately, film 1 by more people.
LIKED = f"user,film,timestamp\nanna,1,0\nboris,1,{DAY}\nboris,1,{2 * DAY}\nboris,2,{100 * DAY}\n"
FILMS = ["1", "2", "3"]
TITLES = {
    "1": Title("Брат", "1997", ["Drama", "комедия"]),
    "2": Title("Брат 2", "", ["drama", "Noir, of a kind"]),
    "3": Title("", "", []),
}

Rows = Callable[[str], Awaitable[list[Any]]]


@pytest.fixture
def rows(database: AsyncEngine) -> Rows:
    """The first column of what a statement answers."""

    async def run(statement: str) -> list[Any]:
        async with database.connect() as connection:
            return list(await connection.scalars(text(statement)))

    return run


@pytest.fixture
async def url(database: AsyncEngine, migrated: Servers, tmp_path: Path) -> str:
    """The address of the database, filled with all that."""
    (tmp_path / "liked.csv").write_text(LIKED)
    wish = fit.Wish(read_liked(tmp_path / "liked.csv"), TITLES, as_of=None, franchise_cap=True)
    await fit.fill(migrated.postgres.url, wish, FILMS)
    return migrated.postgres.url


async def test_a_pair_that_comes_twice_counts_the_first_time(url: str, rows: Rows) -> None:
    moments = await rows("SELECT added_at FROM favourite ORDER BY user_id, kinopoisk_id")
    assert moments == [datetime.fromtimestamp(days * DAY, UTC) for days in (0, 1, 100)]


async def test_genres_are_kinopoisks_or_of_their_own(url: str, rows: Rows) -> None:
    assert await rows("SELECT genres FROM film ORDER BY kinopoisk_id") == [[2, 13], [2, UNNAMED + 1], [UNNAMED]]


async def test_a_franchise_is_one_by_its_titles(url: str, rows: Rows) -> None:
    assert await rows("SELECT related FROM film_relation ORDER BY kinopoisk_id") == [[2], [1]]


async def test_priors_are_popularity(url: str, rows: Rows) -> None:
    await fit.look(url, None)
    assert await rows("SELECT prior FROM film_trend ORDER BY kinopoisk_id") == [1, 0.5, 0]


async def test_without_a_moment_there_is_no_trend(url: str, rows: Rows) -> None:
    await fit.look(url, None)
    assert set(await rows("SELECT trend FROM film_trend")) == {0}


async def test_the_trend_is_that_of_the_moment(url: str, rows: Rows) -> None:
    await fit.look(url, 100 * DAY)
    before, lately, never = await rows("SELECT trend FROM film_trend ORDER BY kinopoisk_id")
    assert (lately, never) == (1, 0)
    assert 0 < before < 0.001
