"""Search: Kinopoisk's answer, fresh or kept; where it cannot be asked, the films that are stored here."""

import re
from typing import NamedTuple

import orjson
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_bytes
from api.films import extended, with_freshness
from api.inputs import LARGEST_ID, PageNumber, SearchQuery
from api.lookups.deps import UpstreamSearch
from api.lookups.films import Opening, OpeningFilms, open_film
from api.lookups.local_search import find_locally
from api.lookups.stored import read_film, read_films
from api.openapi import SIGNED_IN, problems
from shared import metrics
from shared.upstream.errors import NotNow

router = APIRouter(prefix="/movies", tags=["lookups"])

FILM_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?kinopoisk\.ru/(?:film|series)/([0-9]{1,10})(?:[/?#]\S*)?", re.ASCII
)


class Page(NamedTuple):
    """Ids of a page of films, best first; how many pages and films there are, and who says so."""

    films: list[int]
    pages: int
    total: int
    source: str


@router.get("/search", response_model=shapes.SearchPage, responses=problems(errors.InvalidRequest, *SIGNED_IN))
async def search_films(
    query: SearchQuery, opening: OpeningFilms, searches: UpstreamSearch, page: PageNumber = 1
) -> Response:
    """Films by name. The address of a film on kinopoisk.ru finds exactly that film.

    `source` tells whether Kinopoisk has just said so (`kinopoisk`), earlier (`cache`), or whether these are films
    stored here (`local`) because Kinopoisk cannot be asked now.
    """
    if address := FILM_ADDRESS.fullmatch(query):
        found = await film_at(int(address[1]), page, opening)
    else:
        found = await find(query, page, opening, searches)
        found = await with_film_of_that_id(query, page, found, opening.engine)
    metrics.count(f"search.answered.{found.source}")
    head = {"query": query, "page": page, "pages": found.pages, "total": found.total, "source": found.source}
    items = ",".join(
        extended(with_freshness(row.document, row), is_favorite=row.is_favorite)
        for row in await read_films(opening.engine, found.films, opening.user_id)
        if row.document is not None
    )
    return json_bytes(f'{orjson.dumps(head).decode()[:-1]},"items":[{items}]}}'.encode())


async def find(query: str, page: int, opening: Opening, searches: UpstreamSearch) -> Page:
    """The freshest answer that can be had without making anybody wait for long."""
    kept = await searches.kept(query, page)  # None where its films are gone: a cache may outlive its database
    if kept and kept.fresh:
        return Page(*kept.found[:3], "cache")
    try:
        return Page(*(await searches.ask(query, page, opening.user_id))[:3], "kinopoisk")
    except NotNow:
        if kept and kept.found.films:
            return Page(*kept.found[:3], "cache")
        return Page(*await find_locally(opening.engine, query, page), "local")


async def film_at(kinopoisk_id: int, page: int, opening: Opening) -> Page:
    """The film of an address, if there is one."""
    nothing = Page([], 0, 0, "kinopoisk")
    if not 1 <= kinopoisk_id <= LARGEST_ID:
        return nothing
    try:
        await open_film(kinopoisk_id, opening)
    except errors.FilmNotFound:
        return nothing
    except errors.UpstreamProblem:
        return nothing._replace(source="local")
    return Page([kinopoisk_id] if page == 1 else [], 1, 1, "kinopoisk")


async def with_film_of_that_id(query: str, page: int, found: Page, engine: AsyncEngine) -> Page:
    """Digits may be a name ("1917") or an id: the stored film of that id stands first."""
    if not re.fullmatch(r"[0-9]{1,10}", query) or not 1 <= int(query) <= LARGEST_ID:
        return found
    film = int(query)
    if (await read_film(engine, film)).document is None:
        return found
    more = 0 if film in found.films else 1
    films = [film for _ in range(page == 1)] + [other for other in found.films if other != film]
    return found._replace(films=films, pages=max(found.pages, 1), total=found.total + more)
