"""Looks at films: counted without a statement each, written down together."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from dev.testing import Servers
from shared import wiring
from shared.enrichment.views import Views
from shared.settings import Settings
from tests.client import Client, eventually
from tests.conftest import Serve


@pytest.fixture
async def engine(settings: Settings, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    engine = wiring.write_engine(settings, "kinoshelf-test")
    yield engine
    await engine.dispose()


async def looks(database: AsyncEngine, film: int = 301) -> float:
    async with database.connect() as connection:
        query = text("SELECT views FROM film_sync WHERE kinopoisk_id = :film")
        return float(await connection.scalar(query, {"film": film}) or 0)


async def test_looks_are_written_after_a_while(serve: Serve, database: AsyncEngine) -> None:
    anna: Client = await (await serve(enrichment={"views_seconds": 0.05})).user("anna")
    for _ in range(3):
        await anna.get("/movies/301")

    async def written() -> bool:
        return await looks(database) == 3

    await eventually(written)


async def test_what_is_left_is_written_at_the_end(engine: AsyncEngine, database: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO film_sync (kinopoisk_id) VALUES (301), (7)"))
    views = Views(engine, every_seconds=3600)
    for film in (301, 301, 7, 999):
        views.note(film)
    await views.close()
    assert (await looks(database), await looks(database, 7)) == (2, 1)


async def test_a_database_that_is_away_costs_the_looks_and_nothing_else(engine: AsyncEngine, servers: Servers) -> None:
    views = Views(engine, every_seconds=3600)
    views.note(301)
    servers.postgres.stop()
    try:
        with capture_logs() as lines:
            await views.close()
    finally:
        servers.postgres.start()
    assert [line["event"] for line in lines] == ["views_not_written"]
