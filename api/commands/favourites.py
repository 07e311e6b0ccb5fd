"""Favourites: add and remove. One transaction, then the wake-up; Kinopoisk is never waited for."""

from datetime import datetime

import orjson
import structlog
from fastapi import APIRouter, Response
from sqlalchemy import Integer, Text, Uuid, bindparam, delete, exists, select, text, true

from api import errors, shapes
from api.answers import json_bytes
from api.commands.deps import AddingFavourites, WriteEngine
from api.commands.one_at_a_time import asker_alone
from api.identity import OPEN_SESSION, Asking
from api.inputs import Body, FilmInPath, KinopoiskId
from api.openapi import SIGNED_IN, WITH_BODY, problems
from api.quick_route import QuickRoute
from shared.logs import request_id
from shared.moments import json_moment
from shared.prepared import Prepared
from shared.tables.truth import favourite

log = structlog.get_logger()
router = APIRouter(prefix="/movies/favorites", tags=["commands"], route_class=QuickRoute)

# Its rank is how many films wait before it for the same user, so that a long list of one starves nobody else; who waits
# for it too, with fewer films of his own, or is the first to wait for it, moves it forward; the latter also while it is
# being fetched, because that may fail. The worker closes the gap when earlier ones are fetched. A film that upstream
# did not know is asked for again when somebody adds it an hour later, then two, four…
ADD = Prepared(
    text("""
    WITH known AS (
        SELECT added_at FROM favourite WHERE user_id = :user_id AND kinopoisk_id = :kinopoisk_id
    ), room AS (
        SELECT WHERE EXISTS (SELECT FROM known)
            OR (SELECT count(*) FROM favourite WHERE user_id = :user_id) < :most
    ), waiting AS (
        SELECT coalesce(max(rank) + 1, 0) AS before FROM film_sync WHERE requested_by = :user_id
    ), wanted AS (
        INSERT INTO film_sync (kinopoisk_id, requested_by, rank, requested_at, request_id)
        SELECT :kinopoisk_id, :user_id, before, now(), :request_id FROM room, waiting
        ON CONFLICT DO NOTHING
    ), asked_again AS (
        UPDATE film_sync SET next_attempt_at = now(), priority = 0, requested_by = :user_id, rank = before,
            requested_at = now(), request_id = :request_id
        FROM room, waiting
        WHERE kinopoisk_id = :kinopoisk_id AND status = 'not_found'
            AND fetched_at < now() - interval '1 hour' * 2 ^ least(misses - 1, 6)
            AND claimed_at IS NULL AND next_attempt_at > now()
        RETURNING 1
    ), moved_forward AS (
        UPDATE film_sync SET requested_by = :user_id, rank = before, priority = 0,
            requested_at = coalesce(requested_at, now()), request_id = :request_id
        FROM room, waiting
        WHERE kinopoisk_id = :kinopoisk_id
            AND (priority = 0 AND rank > before AND claimed_at IS NULL OR priority = 2 AND status = 'pending')
    ), added AS (
        INSERT INTO favourite (user_id, kinopoisk_id) SELECT :user_id, :kinopoisk_id FROM room
        ON CONFLICT DO NOTHING RETURNING added_at
    )
    SELECT EXISTS (SELECT FROM added) AS is_new, EXISTS (SELECT FROM asked_again) AS asked_again,
        (SELECT added_at FROM added UNION ALL SELECT added_at FROM known LIMIT 1) AS added_at
""").bindparams(
        bindparam("user_id", type_=Uuid),
        bindparam("kinopoisk_id", type_=Integer),
        bindparam("most", type_=Integer),
        bindparam("request_id", type_=Text),
    )
)

MINE = (favourite.c.user_id == bindparam("user_id")) & (favourite.c.kinopoisk_id == bindparam("kinopoisk_id"))
REMOVED = delete(favourite).where(MINE, exists(select(OPEN_SESSION))).returning(true().label("done")).cte("removed")
REMOVE = Prepared(select(OPEN_SESSION.c.long_unseen, exists(select(REMOVED)).label("removed")))


class NewFavourite(Body):
    kinopoisk_id: KinopoiskId


@router.post(
    "",
    status_code=202,
    response_model=shapes.FavouriteItem,
    responses=problems(errors.FavouritesLimitReached, *SIGNED_IN, *WITH_BODY),
)
async def add_favourite(film: NewFavourite, asker: Asking, adding: AddingFavourites) -> Response:
    """Remember a favourite. Safe to repeat; the film's details arrive a moment later, see Location."""
    structlog.contextvars.bind_contextvars(kinopoisk_id=film.kinopoisk_id)
    wish = {"kinopoisk_id": film.kinopoisk_id, "request_id": request_id(), "most": adding.most}
    async with asker.connection(adding.engine) as connection:
        async with connection.transaction():
            user_id = await asker_alone(connection, asker)
            result = await ADD.row(connection, user_id=user_id, **wish)
        if result["added_at"] is None:
            raise errors.FavouritesLimitReached
        if result["is_new"] or result["asked_again"]:
            adding.waker.ring()  # only after the commit; the sweep covers a crash here
        if result["is_new"]:
            adding.choices.chosen(user_id, film.kinopoisk_id)
            log.info("favourite_added")
        item = await adding.read_item(connection, user_id, film.kinopoisk_id)
    item = item or removed_meanwhile(film.kinopoisk_id, result["added_at"])
    return json_bytes(item, 202, Location=f"/movies/favorites/{film.kinopoisk_id}")


def removed_meanwhile(kinopoisk_id: int, added_at: datetime) -> bytes:
    """The item as it was added, where another request has removed it a moment later."""
    added = json_moment(added_at)
    return orjson.dumps({"kinopoisk_id": kinopoisk_id, "added_at": added, "status": "pending", "film": None})


@router.delete(
    "/{kinopoisk_id}",
    status_code=204,
    response_class=Response,
    responses=problems(errors.FavouriteNotFound, errors.InvalidRequest, *SIGNED_IN),
)
async def remove_favourite(kinopoisk_id: FilmInPath, asker: Asking, engine: WriteEngine) -> None:
    """Forget a favourite."""
    [row] = await asker.rows(REMOVE, engine, kinopoisk_id=kinopoisk_id)
    if not row["removed"]:
        raise errors.FavouriteNotFound
    log.info("favourite_removed")
