"""Projecting anew from film_source, without one call: the read table may be truncated at any time."""

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.documents import full_document
from shared.kinopoisk.client import parse
from shared.kinopoisk.errors import KinopoiskFault
from shared.kinopoisk.fields import LARGEST_ID
from shared.kinopoisk.models import Film
from shared.tables.read import film

log = structlog.get_logger()

BATCH = 200

UNPROJECTED = text("""
    SELECT kinopoisk_id, body FROM film_source
    WHERE kinopoisk_id BETWEEN :first AND :last
        AND NOT EXISTS (SELECT FROM film WHERE film.kinopoisk_id = film_source.kinopoisk_id)
    ORDER BY kinopoisk_id LIMIT :count
""")

WITHOUT_SOURCE = text("""
    UPDATE film_sync SET status = 'pending', priority = 0, next_attempt_at = now()
    WHERE status = 'ready' AND claimed_at IS NULL AND kinopoisk_id BETWEEN :first AND :last
        AND NOT EXISTS (SELECT FROM film_source WHERE film_source.kinopoisk_id = film_sync.kinopoisk_id)
""")


async def project_missing(engine: AsyncEngine, first: int = 1, last: int = LARGEST_ID) -> int:
    """Project films of these ids that have a source and no projection; without a source they fall due at once."""
    projected = 0
    async with engine.begin() as connection:
        await connection.execute(WITHOUT_SOURCE, {"first": first, "last": last})
    while True:
        async with engine.begin() as connection:
            batch = {"first": first, "last": last, "count": BATCH}
            rows = (await connection.execute(UNPROJECTED, batch)).all()
            documents = [(kinopoisk_id, projected_or_none(kinopoisk_id, body)) for kinopoisk_id, body in rows]
            values = [{"kinopoisk_id": number, "document": document} for number, document in documents if document]
            if values:  # a refresh that comes in between is newer, and stays
                await connection.execute(insert(film).on_conflict_do_nothing(), values)
        projected += len(values)
        if len(rows) < BATCH:
            return projected
        first = rows[-1][0] + 1


def projected_or_none(kinopoisk_id: int, body: str) -> str | None:
    """A body stored by a release that read more than this one is no reason to stop."""
    try:
        return full_document(parse(Film, body))
    except KinopoiskFault as error:
        log.warning("film_source_unreadable", kinopoisk_id=kinopoisk_id, error=error.code)
        return None
