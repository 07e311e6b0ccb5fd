"""Hidden films: the list, newest first."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Row, Select, select, tuple_

from api import errors, shapes
from api.answers import json_bytes
from api.cursors import from_cursor, to_cursor
from api.films import FRESHNESS, with_freshness
from api.identity import CurrentIdentity
from api.inputs import Cursor, PageSize
from api.openapi import SIGNED_IN, problems
from api.queries.deps import ReadEngine
from shared.moments import json_moment
from shared.tables.read import film
from shared.tables.truth import hidden_film
from shared.tables.work import film_sync

router = APIRouter(prefix="/movies/hidden", tags=["queries"])

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
    responses=problems(errors.InvalidRequest, errors.BadCursor, *SIGNED_IN),
)
async def list_hidden(
    identity: CurrentIdentity,
    engine: ReadEngine,
    limit: PageSize = 20,
    cursor: Cursor | None = None,
) -> Response:
    """What the user wants no recommendation of, the latest first."""
    newest_first = ITEMS.order_by(hidden_film.c.hidden_at.desc(), hidden_film.c.kinopoisk_id.desc()).limit(limit + 1)
    page = newest_first.where(hidden_film.c.user_id == identity.user_id)
    if cursor is not None:
        page = page.where(tuple_(hidden_film.c.hidden_at, hidden_film.c.kinopoisk_id) < from_cursor(cursor))
    async with engine.connect() as connection:
        rows = (await connection.execute(page)).all()
    items, more = rows[:limit], len(rows) > limit
    next_cursor = f'"{to_cursor(items[-1].hidden_at, items[-1].kinopoisk_id)}"' if more else "null"
    return json_bytes(f'{{"items":[{",".join(map(as_json, items))}],"next_cursor":{next_cursor}}}'.encode())


def as_json(row: Row[tuple[Any, ...]]) -> str:
    """Every value besides the document is ours and needs no escaping."""
    document = with_freshness(row.document, row) if row.document else "null"
    return f'{{"kinopoisk_id":{row.kinopoisk_id},"hidden_at":"{json_moment(row.hidden_at)}","film":{document}}}'
