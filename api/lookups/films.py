"""Details of a film: as stored, else from Kinopoisk, else what a list once said of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_if_changed
from api.films import with_freshness
from api.held import held
from api.identity import Asking, CurrentIdentity
from api.inputs import FilmInPath
from api.lookups.deps import FilmViews, not_now
from api.lookups.stored import WANTED_BY_ASKER, read_film
from api.openapi import IF_CHANGED, SIGNED_IN, Problems, problems
from api.quick_route import QuickRoute
from shared.enrichment.on_demand import FilmsOnDemand
from shared.upstream.errors import NotNow

router = APIRouter(prefix="/movies", tags=["lookups"], route_class=QuickRoute)

UPSTREAM: Problems = (
    errors.UpstreamUnavailable,
    errors.UpstreamQuotaExhausted,
    errors.UpstreamBusy,
    errors.UpstreamShareUsed,
)


@dataclass(frozen=True)
class Opening:
    """What it takes to open a film."""

    engine: AsyncEngine
    on_demand: FilmsOnDemand
    fallback_wait: float
    user_id: uuid.UUID


# Opens films for this user.
Opener = Annotated[Callable[[uuid.UUID], Opening], held("film_opener")]


async def opening(opener: Opener, identity: CurrentIdentity) -> Opening:
    """A coroutine, because FastAPI would make it in a thread."""
    return opener(identity.user_id)


OpeningFilms = Annotated[Opening, Depends(opening)]


@router.get(
    "/{kinopoisk_id}",
    response_model=shapes.Film,
    responses=problems(errors.FilmNotFound, errors.InvalidRequest, *SIGNED_IN, *UPSTREAM) | IF_CHANGED,
)
async def get_film(kinopoisk_id: FilmInPath, asker: Asking, opener: Opener, views: FilmViews) -> Response:
    """Details of a film. What is stored is served at once; else Kinopoisk is asked, once for all who wait.

    While Kinopoisk cannot be asked, what a list once said is served as `"detail": "summary"`.
    """
    [stored] = await asker.rows(WANTED_BY_ASKER, kinopoisk_id=kinopoisk_id)
    if stored["detail"] == "full":
        document = with_freshness(stored["document"], stored)
    else:
        document = await open_film(kinopoisk_id, opener(asker.claimed.user_id))
    views.note(kinopoisk_id)
    return json_if_changed(document.encode(), asker.scope)


async def open_film(kinopoisk_id: int, opening: Opening) -> str:
    """The film. Raises FilmNotFound, and 503 or 429 problems where nothing is stored and upstream cannot be asked."""
    stored = await read_film(opening.engine, kinopoisk_id)
    if stored.detail != "full" and stored.status != "not_found":
        stored = await fetched(kinopoisk_id, opening, stored)
    if stored.document is not None:
        return with_freshness(stored.document, stored)
    if stored.status == "not_found":
        raise errors.FilmNotFound
    raise errors.UpstreamUnavailable(retry_after=5)  # the read table was truncated in this very moment


async def fetched(kinopoisk_id: int, opening: Opening, stored: Any) -> Any:
    """What is stored after upstream was asked; who has a summary waits for the details only a little."""
    try:
        if stored.document is None:
            await opening.on_demand.fetch(kinopoisk_id, opening.user_id)
        else:
            await opening.on_demand.fetch_more(kinopoisk_id, opening.user_id, opening.fallback_wait)
    except NotNow as reason:
        if stored.document is None:
            raise not_now(reason) from None
    return await read_film(opening.engine, kinopoisk_id)
