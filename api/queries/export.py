"""All that is kept of a user, as one JSON document that is sent while it is read: page by page, never all in memory.

A page is a statement of its own, so that a slow reader holds no connection. What is neither added nor removed meanwhile
is told exactly once.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import structlog
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Column, RowMapping, Select, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.identity import CurrentIdentity
from api.openapi import SIGNED_IN, problems
from api.queries.deps import Impression, ReadEngine, ShownFilms
from shared.moments import json_moment
from shared.postgres import is_away
from shared.tables.truth import favourite, hidden_film, session, user_account
from shared.tables.work import film_sync, upstream_call

log = structlog.get_logger()
router = APIRouter(tags=["queries"])

PAGE = 500
HEADERS = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="kinoshelf-export.json"'}


class Section(NamedTuple):
    """Rows of which this column says that they are the user's, in the order of a unique one, told by these columns."""

    name: str
    user: Column[Any]
    key: Column[Any]
    told: tuple[Column[Any], ...]


SESSION, FAVOURITE, HIDDEN, SYNC, CALL = session.c, favourite.c, hidden_film.c, film_sync.c, upstream_call.c
SECTIONS = (
    Section(
        "sessions", SESSION.user_id, SESSION.id, (SESSION.id, SESSION.created_at, SESSION.last_seen, SESSION.expires_at)
    ),
    Section("favorites", FAVOURITE.user_id, FAVOURITE.kinopoisk_id, (FAVOURITE.kinopoisk_id, FAVOURITE.added_at)),
    Section("hidden_films", HIDDEN.user_id, HIDDEN.kinopoisk_id, (HIDDEN.kinopoisk_id, HIDDEN.hidden_at)),
    Section(
        "awaited_films", SYNC.requested_by, SYNC.kinopoisk_id, (SYNC.kinopoisk_id, SYNC.requested_at, SYNC.request_id)
    ),
    Section("asked_refreshes", SYNC.refresh_asked_by, SYNC.kinopoisk_id, (SYNC.kinopoisk_id, SYNC.refresh_asked_at)),
    Section(
        "upstream_calls", CALL.user_id, CALL.id, (CALL.at, CALL.kind, CALL.kinopoisk_id, CALL.ended_at, CALL.outcome)
    ),
)


@router.get("/profile/export", response_model=shapes.Export, responses=problems(*SIGNED_IN))
async def export_profile(identity: CurrentIdentity, engine: ReadEngine, impressions: ShownFilms) -> Response:
    """All your data, to keep or to take elsewhere. A download that breaks off is no complete JSON."""
    account = select(user_account.c.id, user_account.c.username, user_account.c.created_at)
    async with engine.connect() as connection:
        row = (await connection.execute(account.where(user_account.c.id == identity.user_id))).mappings().one_or_none()
    if row is None:
        raise errors.Unauthorized
    log.info("export_begun")
    head = {
        "exported_at": json_moment(datetime.now(UTC)),
        "account": as_told(row),
        "shown_recommendations": as_shown(await impressions.shown_to(identity.user_id)),
    }
    return StreamingResponse(document(engine, identity.user_id, head), headers=HEADERS, media_type="application/json")


async def document(engine: AsyncEngine, user_id: uuid.UUID, head: dict[str, Any]) -> AsyncIterator[bytes]:
    """The whole of it, in pieces of a page at the most. Raises BrokenOff."""
    yield orjson.dumps(head)[:-1]
    for section in SECTIONS:
        yield f',"{section.name}":['.encode()
        async for piece in items(engine, user_id, section):
            yield piece
        yield b"]"
    yield b"}"


async def items(engine: AsyncEngine, user_id: uuid.UUID, section: Section) -> AsyncIterator[bytes]:
    """The members of the list, with the commas between them."""
    page = select(section.key.label("place"), *section.told).where(section.user == user_id)
    page, comma, last = page.order_by(section.key).limit(PAGE), b"", None
    while rows := await rows_of(engine, page if last is None else page.where(section.key > last)):
        yield comma + orjson.dumps([as_told(row) for row in rows])[1:-1]
        comma, last = b",", rows[-1]["place"]


async def rows_of(engine: AsyncEngine, page: Select[Any]) -> list[RowMapping]:
    """Raises BrokenOff where the database is away, which the status of the answer can no longer tell."""
    try:
        async with engine.connect() as connection:
            return list((await connection.execute(page)).mappings())
    except (DBAPIError, PoolTimeout, OSError) as error:
        if not is_away(error):
            raise
        log.warning("database_unavailable", error=type(error).__name__)
        raise errors.BrokenOff from error


def as_shown(films: Mapping[int, Impression] | None) -> list[dict[str, Any]] | None:
    if films is None:
        return None
    return [
        {
            "kinopoisk_id": film,
            "shown_at": json_moment(datetime.fromtimestamp(shown.at, UTC)),
            "strategy": shown.strategy,
            "rank": shown.rank,
        }
        for film, shown in films.items()
    ]


def as_told(row: RowMapping) -> dict[str, Any]:
    """What clients read of a row; orjson takes neither SQLAlchemy's kind of str nor the driver's of UUID."""
    return {str(name): as_json(value) for name, value in row.items() if name != "place"}


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return json_moment(value)
    return str(value) if isinstance(value, uuid.UUID) else value
