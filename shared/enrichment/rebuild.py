"""Projecting anew from film_source, without one call: the read table may be truncated, or get a new column."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import sentry
from shared.enrichment.projection import VERSION, film_row, project
from shared.kinopoisk.client import parse
from shared.kinopoisk.errors import KinopoiskFault
from shared.kinopoisk.fields import LARGEST_ID
from shared.kinopoisk.models import Film

log = structlog.get_logger()

BATCH = 200

# The lock keeps a refresh from storing something newer between our reading and our writing.
_SOURCES = "SELECT kinopoisk_id, body, detail, fetched_at FROM film_source WHERE kinopoisk_id BETWEEN :first AND :last"
ALL = text(f"{_SOURCES} ORDER BY kinopoisk_id LIMIT :count FOR UPDATE")
MISSING = text(f"""
    {_SOURCES} AND NOT EXISTS (SELECT FROM film
        WHERE film.kinopoisk_id = film_source.kinopoisk_id AND film.version >= {VERSION})
    ORDER BY kinopoisk_id LIMIT :count FOR UPDATE
""")

COUNT = text("SELECT count(*) FROM film_source")

# One that somebody is changing at the moment waits for the next time, so that nobody waits in a circle.
WITHOUT_SOURCE = text("""
    WITH lost AS MATERIALIZED (
        SELECT kinopoisk_id FROM film_sync
        WHERE status = 'ready' AND claimed_at IS NULL AND kinopoisk_id BETWEEN :first AND :last
            AND NOT EXISTS (SELECT FROM film_source
                WHERE film_source.kinopoisk_id = film_sync.kinopoisk_id AND film_source.detail = 'full')
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE film_sync SET status = 'pending', priority = 0, next_attempt_at = now()
    FROM lost WHERE film_sync.kinopoisk_id = lost.kinopoisk_id
""")


async def count_sources(engine: AsyncEngine) -> int:
    """How many films `project_all` will go through."""
    async with engine.connect() as connection:
        return int(await connection.scalar(COUNT) or 0)


async def project_all(engine: AsyncEngine, done: Callable[[int], None]) -> int:
    """Every film anew, while the service runs; `done` hears of each batch. Answers how many."""
    return await _project(engine, ALL, 1, LARGEST_ID, done)


async def project_missing(engine: AsyncEngine, first: int = 1, last: int = LARGEST_ID) -> int:
    """Films of these ids whose projection is missing or an older release's; without a source they fall due at once."""
    async with engine.begin() as connection:
        await connection.execute(WITHOUT_SOURCE, {"first": first, "last": last})
    return await _project(engine, MISSING, first, last, lambda _: None)


async def _project(engine: AsyncEngine, which: TextClause, first: int, last: int, done: Callable[[int], None]) -> int:
    projected = 0
    while True:
        async with engine.begin() as connection:
            sources = (await connection.execute(which, {"first": first, "last": last, "count": BATCH})).all()
            rows = [row for row in map(_row_or_none, sources) if row]
            if rows:
                await project(connection, rows)
        projected += len(rows)
        done(len(sources))
        if len(sources) < BATCH:
            return projected
        first = sources[-1].kinopoisk_id + 1


def _row_or_none(source: Row[tuple[int, str, Any, datetime]]) -> dict[str, Any] | None:
    """A body stored by a release that read more than this one is no reason to stop."""
    try:
        return {**film_row(parse(Film, source.body), source.detail), "fetched_at": source.fetched_at}
    except KinopoiskFault as error:
        log.warning("film_source_unreadable", kinopoisk_id=source.kinopoisk_id, error=error.code)
    except Exception as error:  # a bug in how this one is read: no other film waits until it is mended
        log.exception("film_projection_failed", kinopoisk_id=source.kinopoisk_id)
        sentry.report(error)
    return None
