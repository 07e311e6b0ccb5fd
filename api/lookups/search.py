"""Search: Kinopoisk's answer as summary films, each marked if it is a favourite."""

import re
import uuid

import orjson
from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_bytes
from api.films import extended, with_freshness
from api.identity import CurrentIdentity
from api.inputs import LARGEST_ID, PageNumber, SearchQuery
from api.lookups.deps import OnDemand, ReadEngine, UpstreamSearch, not_now
from api.lookups.films import UPSTREAM, film_json, read_stored
from api.openapi import SIGNED_IN, problems
from shared.enrichment.errors import NotNow
from shared.enrichment.search import Found
from shared.moments import json_moment
from shared.tables.truth import favourite

router = APIRouter(prefix="/movies", tags=["lookups"])

FILM_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?kinopoisk\.ru/(?:film|series)/([0-9]{1,10})(?:[/?#]\S*)?", re.ASCII
)


@router.get(
    "/search",
    response_model=shapes.SearchPage,
    responses=problems(errors.InvalidRequest, *SIGNED_IN, *UPSTREAM),
)
async def search_films(
    query: SearchQuery,
    identity: CurrentIdentity,
    engine: ReadEngine,
    searches: UpstreamSearch,
    on_demand: OnDemand,
    page: PageNumber = 1,
) -> Response:
    """Films by name. The address of a film on kinopoisk.ru finds exactly that film."""
    if address := FILM_ADDRESS.fullmatch(query):
        films = await film_at(int(address[1]), engine, on_demand) if page == 1 else []
        answer = {"pages": 1, "total": 1} if films or page > 1 else {"pages": 0, "total": 0}
    else:
        found = await ask(searches, query, page)
        films = [(film_id, summary(document, found)) for film_id, document in found.films]
        answer = {"pages": found.pages, "total": found.total}
        if first := await film_of_that_id(query, engine):
            answer = {"pages": max(found.pages, 1), "total": max(found.total, 1)}
            films = [film for film in films if film[0] != first[0]]
            films[:0] = [first] if page == 1 else []
    favourites = await favourites_among(engine, identity.user_id, [film_id for film_id, _ in films])
    items = ",".join(extended(film, is_favorite=film_id in favourites) for film_id, film in films)
    head = orjson.dumps({"query": query, "page": page, **answer, "source": "kinopoisk"}).decode()
    return json_bytes(f'{head[:-1]},"items":[{items}]}}'.encode())


async def ask(searches: UpstreamSearch, query: str, page: int) -> Found:
    try:
        return await searches.search(query, page)
    except NotNow as reason:
        raise not_now(reason) from None


def summary(document: str, found: Found) -> str:
    """A summary is as old as the answer that it came with, and nothing refreshes it."""
    freshness = {
        "fetched_at": json_moment(found.fetched_at),
        "next_refresh_at": None,
        "stale": False,
        "last_error": None,
    }
    return extended(document, freshness=freshness)


async def film_at(kinopoisk_id: int, engine: AsyncEngine, on_demand: OnDemand) -> list[tuple[int, str]]:
    """The film of an address, if there is one."""
    if not 1 <= kinopoisk_id <= LARGEST_ID:
        return []
    try:
        return [(kinopoisk_id, await film_json(kinopoisk_id, engine, on_demand))]
    except errors.FilmNotFound:
        return []


async def film_of_that_id(query: str, engine: AsyncEngine) -> tuple[int, str] | None:
    """Digits may be a name ("1917") or an id: the stored film of that id, which stands first."""
    if not re.fullmatch(r"[0-9]{1,10}", query) or not 1 <= int(query) <= LARGEST_ID:
        return None
    stored = await read_stored(engine, int(query))
    if stored is None or stored.document is None:
        return None
    return int(query), with_freshness(stored.document, stored)


async def favourites_among(engine: AsyncEngine, user_id: uuid.UUID, film_ids: list[int]) -> set[int]:
    """Which of these films are favourites of the user."""
    mine = select(favourite.c.kinopoisk_id).where(
        favourite.c.user_id == user_id, favourite.c.kinopoisk_id.in_(film_ids)
    )
    async with engine.connect() as connection:
        return set((await connection.scalars(mine)).all())
