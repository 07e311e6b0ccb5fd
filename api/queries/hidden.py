"""Hidden films: the list, newest first."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Select, select

from api import errors, shapes
from api.films import FRESHNESS, quoted, with_freshness
from api.identity import Asking
from api.inputs import Cursor, PageSize
from api.openapi import IF_CHANGED, SIGNED_IN, problems
from api.queries.pages import Collected, newest_first
from api.quick_route import QuickRoute
from shared.tables.read import film
from shared.tables.truth import hidden_film
from shared.tables.work import film_sync

router = APIRouter(prefix="/movies/hidden", tags=["queries"], route_class=QuickRoute)

# A hidden film may be one that nobody wants and of which nothing is stored.
ITEMS: Select[tuple[Any, ...]] = select(
    hidden_film.c.kinopoisk_id, hidden_film.c.hidden_at, film.c.document, *FRESHNESS
).select_from(
    hidden_film.outerjoin(film_sync, film_sync.c.kinopoisk_id == hidden_film.c.kinopoisk_id).outerjoin(
        film, film.c.kinopoisk_id == hidden_film.c.kinopoisk_id
    )
)


@router.get(
    "",
    response_model=shapes.HiddenPage,
    responses=problems(errors.InvalidRequest, errors.BadCursor, *SIGNED_IN) | IF_CHANGED,
)
async def list_hidden(
    asker: Asking,
    limit: PageSize = 20,
    cursor: Cursor | None = None,
) -> Response:
    """What the user wants no recommendation of, the latest first."""
    return await newest_first(asker, HIDDEN, limit, cursor)


def as_json(row: Mapping[str, Any]) -> str:
    """Every value besides the document is ours and needs no escaping."""
    document = with_freshness(row["document"], row) if row["document"] else "null"
    return f'{{"kinopoisk_id":{row["kinopoisk_id"]},"hidden_at":{quoted(row["hidden_at"])},"film":{document}}}'


HIDDEN = Collected(ITEMS, hidden_film.c.hidden_at, as_json)
