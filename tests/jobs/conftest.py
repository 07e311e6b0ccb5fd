"""Pieces of a worker for tests of the queue: what enrichment needs, and a look at film_sync."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import wiring
from shared.enrichment.upstream import Upstream
from shared.settings import Settings

Look = Callable[[int], Awaitable[dict[str, Any]]]


@pytest.fixture
async def upstream(settings: Settings, database: AsyncEngine) -> AsyncIterator[Upstream]:
    """What the worker and lookups enrich with."""
    engine, redis = wiring.write_engine(settings, "kinoshelf-test"), wiring.patient_redis(settings)
    built = wiring.upstream(settings, engine, redis)
    yield built
    await built.kinopoisk.close()
    await redis.close()
    await engine.dispose()


@pytest.fixture
def sql(database: AsyncEngine) -> Callable[..., Awaitable[Any]]:
    """Run one statement; the first value of its answer, if it has any."""

    async def run(statement: str, **values: Any) -> Any:
        async with database.connect() as connection:
            answer = await connection.execute(text(statement), values)
            return answer.scalar() if answer.returns_rows else None

    return run


@pytest.fixture
def look(database: AsyncEngine) -> Look:
    """The work row of a film; `due_in` in seconds."""

    async def row(kinopoisk_id: int) -> dict[str, Any]:
        due_in = "extract(epoch FROM next_attempt_at - now())::float8 AS due_in"
        query = text(f"SELECT *, {due_in} FROM film_sync WHERE kinopoisk_id = :film")
        async with database.connect() as connection:
            return dict((await connection.execute(query, {"film": kinopoisk_id})).mappings().one())

    return row
