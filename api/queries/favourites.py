"""Favourites: the list, newest first, and one item. Stored documents, joined and handed on as they are."""

import uuid
from collections.abc import Mapping
from typing import Any

from asyncpg import Connection
from fastapi import APIRouter, Response
from sqlalchemy import Select, bindparam, select

from api import errors, shapes
from api.answers import json_if_changed
from api.films import FRESHNESS, quoted, with_freshness
from api.identity import Asking, with_session
from api.inputs import Cursor, FilmInPath, PageSize
from api.openapi import IF_CHANGED, SIGNED_IN, problems
from api.queries.pages import Collected, newest_first
from api.quick_route import QuickRoute
from shared.prepared import Prepared
from shared.tables.read import film
from shared.tables.truth import favourite
from shared.tables.work import film_sync

router = APIRouter(prefix="/movies/favorites", tags=["queries"], route_class=QuickRoute)

ITEMS: Select[tuple[Any, ...]] = select(
    favourite.c.kinopoisk_id, favourite.c.added_at, film_sync.c.status, film.c.document, *FRESHNESS
).select_from(
    favourite.join(film_sync, film_sync.c.kinopoisk_id == favourite.c.kinopoisk_id).outerjoin(
        film, film.c.kinopoisk_id == favourite.c.kinopoisk_id
    )
)

ONE = ITEMS.where(favourite.c.user_id == bindparam("user_id"), favourite.c.kinopoisk_id == bindparam("kinopoisk_id"))
ONE_ASKED_FOR, ONE_ADDED = with_session(ONE), Prepared(ONE)


@router.get(
    "",
    response_model=shapes.FavouritePage,
    responses=problems(errors.InvalidRequest, errors.BadCursor, *SIGNED_IN) | IF_CHANGED,
)
async def list_favourites(
    asker: Asking,
    limit: PageSize = 20,
    cursor: Cursor | None = None,
) -> Response:
    """The user's favourites, newest first; a new one is listed at once, `pending` until its details arrive."""
    return await newest_first(asker, FAVOURITES, limit, cursor)


@router.get(
    "/{kinopoisk_id}",
    response_model=shapes.FavouriteItem,
    responses=problems(errors.FavouriteNotFound, errors.InvalidRequest, *SIGNED_IN) | IF_CHANGED,
)
async def get_favourite(kinopoisk_id: FilmInPath, asker: Asking) -> Response:
    """One favourite: where the 202 of adding it points to."""
    [row] = await asker.rows(ONE_ASKED_FOR, kinopoisk_id=kinopoisk_id)
    if row.kinopoisk_id is None:
        raise errors.FavouriteNotFound
    return json_if_changed(as_json(row).encode(), asker.scope)


async def read_item(connection: Connection, user_id: uuid.UUID, kinopoisk_id: int) -> bytes | None:
    """The item as JSON, or None where the film is no favourite of the user."""
    row = await ONE_ADDED.row(connection, user_id=user_id, kinopoisk_id=kinopoisk_id)
    return as_json(row).encode() if row else None


def as_json(row: Mapping[str, Any]) -> str:
    """A favourite item; every value besides the document is ours and needs no escaping."""
    document = with_freshness(row["document"], row) if row["document"] else "null"
    return (
        f'{{"kinopoisk_id":{row["kinopoisk_id"]},"added_at":{quoted(row["added_at"])},'
        f'"status":"{row["status"]}","film":{document}}}'
    )


FAVOURITES = Collected(ITEMS, favourite.c.added_at, as_json)
