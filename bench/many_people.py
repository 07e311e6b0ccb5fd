"""As many people with favourites as one likes, straight in the database: the big set of the recommender's figures.

Films follow Zipf's law, 1/(rank + 25), and each has one of 60 tastes. A person has three tastes; 70 % of the favourites
are of these, the others of all. How many favourites somebody has is lognormal(3.25, 1.15), scaled to the wanted total,
at most 1,500. Films of a taste share genres and stand in each other's lists of similar films.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import numpy as np
import orjson
from numpy.typing import NDArray
from rich.progress import track

TASTES, TASTES_OF_ONE, OF_TASTE = 60, 3, 0.7
MOST = 1_500
COUNTRIES = 40
SIMILAR = 10
MINUTE = timedelta(minutes=1)

Ints = NDArray[np.integer[Any]]


class Size(NamedTuple):
    people: int = 100_000
    films: int = 20_000
    favourites: int = 5_000_000


class ManyPeople:
    """The same each time."""

    def __init__(self, size: Size, seed: int = 7) -> None:
        self.size = size
        self._rng = np.random.default_rng(seed)
        self._weight = self._rng.permutation(1 / (np.arange(size.films) + 25.0))
        self._weight /= self._weight.sum()
        self.taste = self._rng.integers(0, TASTES, size.films)
        self._of_taste = np.stack([np.where(self.taste == taste, self._weight, 0) for taste in range(TASTES)])
        self._of_taste /= self._of_taste.sum(axis=1, keepdims=True)

    def favourites(self) -> Iterator[Ints]:
        """Of each person the films, counted from 0, in the order in which they were added."""
        for wanted in self._lengths():
            tastes = self._rng.choice(TASTES, TASTES_OF_ONE, replace=False)
            chances = OF_TASTE * (self._rng.dirichlet([3, 2, 1]) @ self._of_taste[tastes])
            chances += (1 - OF_TASTE) * self._weight
            yield self._rng.choice(self.size.films, wanted, replace=False, p=chances / chances.sum())

    def _lengths(self) -> Ints:
        lengths = self._rng.lognormal(3.25, 1.15, self.size.people)
        most = min(MOST, self.size.films // 2)
        for _ in range(10):  # what the longest lose the others get
            lengths = np.clip(lengths * self.size.favourites / lengths.sum(), 1, most)
        return lengths.astype(int)

    def films(self) -> Iterator[tuple[int, str, int, list[int]]]:
        """Rows of `film`: id, document, year, genres."""
        for film, taste in enumerate(self.taste.tolist(), 1):
            country = min(int(self._rng.geometric(0.2)), COUNTRIES)
            genres = {1 + taste % 24, int(self._rng.integers(1, 25))}
            document = orjson.dumps({"kinopoisk_id": film, "countries": [f"country {country}"]}).decode()
            yield film, document, int(self._rng.integers(1950, 2026)), sorted(genres)

    def priors(self) -> list[float]:
        """Well-known films are good ones."""
        return [float(prior) for prior in np.sqrt(self._weight / self._weight.max())]

    def bytes(self, count: int) -> bytes:
        return bytes(self._rng.bytes(count))

    def similar(self) -> Iterator[tuple[int, str, list[int]]]:
        """Rows of `film_relation`."""
        of_taste = [np.flatnonzero(self.taste == taste) + 1 for taste in range(TASTES)]
        for film, taste in enumerate(self.taste.tolist(), 1):
            yield film, "similar", self._rng.choice(of_taste[taste], SIMILAR).tolist()


async def store(url: str, many: ManyPeople) -> int:
    """Put them into an empty database; answers how many favourites. The latest was added just now."""
    connection = await asyncpg.connect(url)
    try:
        await _store_films(connection, many)
        foreign_keys = await connection.fetch(FOREIGN_KEYS)
        for name, _ in foreign_keys:  # to check them at the end is a hundred times cheaper
            await connection.execute(f"ALTER TABLE favourite DROP CONSTRAINT {name}")
        await _store_people(connection, many)
        for name, definition in foreign_keys:
            await connection.execute(f"ALTER TABLE favourite ADD CONSTRAINT {name} {definition}")
        for table in TABLES:
            await connection.execute(f"VACUUM ANALYZE {table}")
        return int(await connection.fetchval("SELECT count(*) FROM favourite"))
    finally:
        await connection.close()


FOREIGN_KEYS = """
    SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'favourite'::regclass AND contype = 'f'
"""
TABLES = ("film", "film_sync", "film_trend", "film_relation", "user_account", "favourite")


async def _store_films(connection: Any, many: ManyPeople) -> None:
    films = list(many.films())
    await _copy(connection, "film", films, "kinopoisk_id", "document", "year", "genres")
    await _copy(connection, "film_sync", ((film, "ready") for film, *_ in films), "kinopoisk_id", "status")
    trends = ((film, genres, prior, 0.0) for (film, _, _, genres), prior in zip(films, many.priors(), strict=True))
    await _copy(connection, "film_trend", trends, "kinopoisk_id", "genres", "prior", "trend")
    await _copy(connection, "film_relation", many.similar(), "kinopoisk_id", "relation", "related")


async def _store_people(connection: Any, many: ManyPeople) -> None:
    people = [UUID(bytes=many.bytes(16)) for _ in range(many.size.people)]
    accounts = ((person, str(number), str(number), "") for number, person in enumerate(people))
    await _copy(connection, "user_account", accounts, "id", "username", "username_folded", "password_hash")
    now = datetime.now(UTC)
    favourites = (
        (person, film + 1, now - MINUTE * age)
        for person, films in zip(people, track(many.favourites(), "people", many.size.people), strict=True)
        for age, film in zip(range(len(films), 0, -1), films.tolist(), strict=True)
    )
    await _copy(connection, "favourite", favourites, "user_id", "kinopoisk_id", "added_at")


async def _copy(connection: Any, table: str, rows: Iterable[tuple[Any, ...]], *columns: str) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=columns)
