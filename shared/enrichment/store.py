"""What upstream said, kept as received and projected: a film's own answer, or the items of a list as summaries."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.enrichment.documents import Detail
from shared.enrichment.merge import filled
from shared.enrichment.projection import film_row, project
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film, Listed
from shared.tables.work import film_source


class Source(NamedTuple):
    """A film and the body that it was read from."""

    film: Film
    body: str


_RECEIVED = insert(film_source).values(fetched_at=func.now())
KEEP = _RECEIVED.on_conflict_do_update(
    index_elements=["kinopoisk_id"],
    set_={name: _RECEIVED.excluded[name] for name in ("body", "detail", "fetched_at")},
    where=(film_source.c.detail == "summary") | (_RECEIVED.excluded.detail == "full"),
)


async def store(connection: AsyncConnection, sources: Sequence[Source], detail: Detail) -> None:
    """Bodies and projections, old ones replaced; a summary replaces no full film."""
    rows = [{"kinopoisk_id": source.film.kinopoisk_id, "body": source.body, "detail": detail} for source in sources]
    await connection.execute(KEEP, rows)
    await project(connection, [film_row(source.film, detail) for source in sources])


async def store_summaries(engine: AsyncEngine, listed: Iterable[Listed]) -> None:
    """The films of a list, for which nobody need be asked again: no work row, no fetch of their own."""
    films = {item.film.kinopoisk_id: item for item in listed}
    if not films:
        return
    known = (
        select(film_source.c.kinopoisk_id, film_source.c.body, film_source.c.detail)
        .where(film_source.c.kinopoisk_id.in_(films))
        .order_by(film_source.c.kinopoisk_id)  # all in one order, so that two lists do not wait for each other
        .with_for_update()
    )
    async with engine.begin() as connection:
        earlier = {row.kinopoisk_id: row for row in await connection.execute(known)}
        full = {film_id for film_id, row in earlier.items() if row.detail == "full"}
        bodies = {film_id: row.body for film_id, row in earlier.items()}
        fresh = [_filled(films[film_id], bodies.get(film_id)) for film_id in sorted(films) if film_id not in full]
        if fresh:
            await store(connection, fresh, "summary")


def _filled(listed: Listed, earlier: str | None) -> Source:
    """A list that knows less than the one before it takes nothing away."""
    body = filled(listed.body, earlier)
    return Source(listed.film if body == listed.body else parse(Film, body), body)
