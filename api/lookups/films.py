"""Details of a film: as stored, else from Kinopoisk."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_bytes
from api.films import FRESHNESS, with_freshness
from api.identity import CurrentIdentity
from api.inputs import FilmInPath
from api.lookups.deps import OnDemand, ReadEngine, not_now
from api.openapi import SIGNED_IN, Problems, problems
from shared.enrichment.errors import NotNow
from shared.tables.read import film
from shared.tables.work import film_sync

router = APIRouter(prefix="/movies", tags=["lookups"])

UPSTREAM: Problems = (errors.UpstreamUnavailable, errors.UpstreamQuotaExhausted, errors.UpstreamBusy)

STORED = select(film_sync.c.status, film.c.document, *FRESHNESS).select_from(
    film_sync.outerjoin(film, film.c.kinopoisk_id == film_sync.c.kinopoisk_id)
)


@router.get(
    "/{kinopoisk_id}",
    response_model=shapes.Film,
    responses=problems(errors.FilmNotFound, errors.InvalidRequest, *SIGNED_IN, *UPSTREAM),
)
async def get_film(kinopoisk_id: FilmInPath, _: CurrentIdentity, engine: ReadEngine, on_demand: OnDemand) -> Response:
    """Full details of a film. What is stored is served at once; else Kinopoisk is asked, once for all who wait."""
    return json_bytes((await film_json(kinopoisk_id, engine, on_demand)).encode())


async def film_json(kinopoisk_id: int, engine: AsyncEngine, on_demand: OnDemand) -> str:
    """The film. Raises FilmNotFound, and 503 problems where nothing is stored and upstream cannot answer."""
    stored = await read_stored(engine, kinopoisk_id)
    if stored is None or (stored.document is None and stored.status != "not_found"):
        try:
            await on_demand.fetch(kinopoisk_id)
        except NotNow as reason:
            raise not_now(reason) from None
        stored = await read_stored(engine, kinopoisk_id)
    if stored is None or stored.status == "not_found":
        raise errors.FilmNotFound
    if stored.document is None:  # the read table was truncated in this very moment
        raise errors.UpstreamUnavailable(retry_after=5)
    return with_freshness(stored.document, stored)


async def read_stored(engine: AsyncEngine, kinopoisk_id: int) -> Row[tuple[Any, ...]] | None:
    async with engine.connect() as connection:
        rows = await connection.execute(STORED.where(film_sync.c.kinopoisk_id == kinopoisk_id))
        return rows.one_or_none()
