"""People with favourites straight in the database, and the recommender's process beside it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from tests.conftest import SECRET


class Shelf:
    """What people have and what is known of films."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def films(self, *ids: int, genres: Sequence[int] = (2,), year: int | None = 2000, prior: float = 0.5) -> None:
        """Stored ones, all alike."""
        document = orjson.dumps({"countries": ["Россия"]}).decode()
        rows = [(film, document, year, list(genres)) for film in ids]
        await self.connection.copy_records_to_table(
            "film", records=rows, columns=["kinopoisk_id", "document", "year", "genres"]
        )
        trends = [(film, list(genres), prior, 0.0) for film in ids]
        await self.connection.copy_records_to_table(
            "film_trend", records=trends, columns=["kinopoisk_id", "genres", "prior", "trend"]
        )

    async def people(self, *favourites: Sequence[int], first: int = 1) -> None:
        """Each with these favourites, the newest first."""
        for number, films in enumerate(favourites, first):
            await self._person(number, films)

    async def _person(self, number: int, films: Sequence[int]) -> None:
        user = UUID(int=number)
        await self.connection.execute(
            "INSERT INTO user_account (id, username, username_folded, password_hash) VALUES ($1, $2, $2, '')",
            user,
            f"person {number}",
        )
        await self.connection.execute(
            "INSERT INTO film_sync (kinopoisk_id) SELECT unnest($1::integer[]) ON CONFLICT DO NOTHING", list(films)
        )
        await self.connection.execute(
            "INSERT INTO favourite SELECT $1, film, now() - place * interval '1 hour' "
            "FROM unnest($2::integer[]) WITH ORDINALITY AS f(film, place)",
            user,
            list(films),
        )

    async def similar(self, lists: Mapping[int, Sequence[int]]) -> None:
        await self.connection.executemany(
            "INSERT INTO film_relation (kinopoisk_id, relation, related) VALUES ($1, 'similar', $2)", lists.items()
        )

    async def neighbours(self, film: int) -> dict[int, float]:
        """As stored."""
        row = await self.connection.fetchrow(
            "SELECT neighbours, weights FROM film_neighbour WHERE kinopoisk_id = $1", film
        )
        return dict(zip(*row, strict=True)) if row else {}

    async def rows(self) -> list[tuple[Any, ...]]:
        """All neighbours as they are stored."""
        return list(map(tuple, await self.connection.fetch("SELECT * FROM film_neighbour ORDER BY kinopoisk_id")))

    async def model(self) -> dict[str, Any]:
        return dict(await self.connection.fetchrow("SELECT * FROM recommender_model") or {})


@pytest.fixture
async def connection(servers: Servers, database: AsyncEngine) -> AsyncIterator[Any]:
    opened = await asyncpg.connect(servers.postgres.url)
    yield opened
    await opened.close()


@pytest.fixture
async def shelf(connection: Any) -> Shelf:
    return Shelf(connection)


@pytest.fixture
def environment(servers: Servers) -> dict[str, str]:
    """The settings of the command, as variables."""
    return {
        **os.environ,
        "KINOSHELF__AUTH__JWT_KEYS": orjson.dumps([{"id": "test", "secret": SECRET}]).decode(),
        "KINOSHELF__POSTGRES__URL": servers.postgres.url,
        "KINOSHELF__REDIS__URL": servers.redis.url,
        "KINOSHELF__KINOPOISK__API_KEY": "none",
    }


class Command:
    """`python -m worker.rebuild recommendations`."""

    def __init__(self, environment: dict[str, str], *module: str) -> None:
        self._environment = environment
        self._module = module or ("worker.rebuild", "recommendations")

    async def start(self, *options: str, stderr: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, "-m", *self._module, *options]
        return await asyncio.create_subprocess_exec(*command, env=self._environment, stdout=pipe, stderr=stderr)

    async def run(self, *options: str) -> tuple[int | None, str, str]:
        """Exit code, standard output and standard error."""
        process = await self.start(*options)
        said, complained = await process.communicate()
        return process.returncode, said.decode(), complained.decode()


@pytest.fixture
def command(environment: dict[str, str]) -> Command:
    return Command(environment)
