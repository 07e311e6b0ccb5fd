"""Asking for fresh details of a film: the worker fetches it next; a wish that is under way already is the same wish."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Response
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api import errors, shapes
from api.answers import json_answer
from api.commands.deps import WorkerWaker, WriteEngine
from api.commands.one_at_a_time import one_at_a_time
from api.held import held
from api.identity import CurrentIdentity
from api.inputs import FilmInPath
from api.openapi import SIGNED_IN, problems
from shared.logs import request_id
from shared.moments import json_moment

log = structlog.get_logger()
router = APIRouter(prefix="/movies", tags=["commands"])


@dataclass(frozen=True)
class RefreshLimits:
    """How many refreshes a user may ask for in an hour, and after how many seconds a film may be asked for again."""

    per_user_hour: int
    again_seconds: float


Limits = Annotated[RefreshLimits, held("refresh_limits")]

# A film of which processes died is not fetched more often because people ask for it.
FILM = text("""
    SELECT status, fetched_at, last_error_code,
        claimed_at IS NOT NULL OR (priority = 0 AND next_attempt_at <= now()) AS under_way,
        greatest(
            extract(epoch FROM greatest(fetched_at, refresh_asked_at) - now())::float8 + :again,
            CASE WHEN lost_leases > 0 THEN extract(epoch FROM next_attempt_at - now())::float8 END
        ) AS wait_seconds
    FROM film_sync WHERE kinopoisk_id = :kinopoisk_id FOR UPDATE
""")

BY_USER = text("""
    SELECT count(*), extract(epoch FROM min(refresh_asked_at) - now())::float8 + 3600 FROM film_sync
    WHERE refresh_asked_by = :user_id AND refresh_asked_at > now() - interval '1 hour'
""")

ASK = text("""
    INSERT INTO film_sync (
        kinopoisk_id, requested_by, rank, refresh_asked_by, refresh_asked_at, requested_at, request_id
    )
    SELECT :kinopoisk_id, :user_id, coalesce(max(rank) + 1, 0), :user_id, now(), now(), CAST(:request_id AS text)
    FROM film_sync WHERE requested_by = :user_id
    ON CONFLICT (kinopoisk_id) DO UPDATE SET priority = 0, next_attempt_at = now(),
        requested_by = excluded.requested_by, rank = excluded.rank,
        refresh_asked_by = excluded.refresh_asked_by, refresh_asked_at = excluded.refresh_asked_at,
        requested_at = coalesce(film_sync.requested_at, now()), request_id = excluded.request_id
    RETURNING status, fetched_at, last_error_code
""")


@router.post(
    "/{kinopoisk_id}/refresh",
    status_code=202,
    response_model=shapes.Refresh,
    responses=problems(errors.RefreshTooSoon, errors.InvalidRequest, errors.UnsupportedMediaType, *SIGNED_IN),
)
async def refresh_film(
    kinopoisk_id: FilmInPath, identity: CurrentIdentity, engine: WriteEngine, limits: Limits, waker: WorkerWaker
) -> Response:
    """Have the details of a film fetched anew. Asking again while they are on their way changes nothing."""
    async with engine.begin() as connection:
        await one_at_a_time(connection, identity.user_id)
        film, asked = await ask(connection, kinopoisk_id, identity.user_id, limits)
    if asked:
        waker.ring()
        log.info("refresh_asked")
    body = {
        "kinopoisk_id": kinopoisk_id,
        "status": film.status,
        "fetched_at": json_moment(film.fetched_at),
        "last_error": film.last_error_code,
    }
    return json_answer(body, 202, Location=f"/movies/{kinopoisk_id}")


async def ask(
    connection: AsyncConnection, kinopoisk_id: int, user_id: uuid.UUID, limits: RefreshLimits
) -> tuple[Row[tuple[Any, ...]], bool]:
    """The film, and whether this wish is a new one. Raises RefreshTooSoon."""
    wish = {"kinopoisk_id": kinopoisk_id, "user_id": user_id, "request_id": request_id()}
    known = {"kinopoisk_id": kinopoisk_id, "again": limits.again_seconds}
    film = (await connection.execute(FILM, known)).one_or_none()
    if film and film.under_way:
        return film, False
    if film and (film.wait_seconds or 0) > 0:
        raise errors.RefreshTooSoon(retry_after=film.wait_seconds)
    asked, wait_seconds = (await connection.execute(BY_USER, {"user_id": user_id})).one()
    if asked >= limits.per_user_hour:
        raise errors.RefreshTooSoon(retry_after=wait_seconds)
    return (await connection.execute(ASK, wish)).one(), True
