"""Favourites: add and remove. One transaction, then the wake-up; Kinopoisk is never waited for."""

from datetime import datetime

import orjson
import structlog
from fastapi import APIRouter, Response
from sqlalchemy import Row, delete, text

from api import errors, shapes
from api.answers import json_bytes
from api.commands.deps import FavouriteListeners, FavouritesLimit, ItemReader, WriteEngine
from api.commands.one_at_a_time import one_at_a_time
from api.identity import CurrentIdentity
from api.inputs import Body, FilmInPath, KinopoiskId
from api.openapi import SIGNED_IN, WITH_BODY, problems
from shared.logs import request_id
from shared.moments import json_moment
from shared.tables.truth import favourite

log = structlog.get_logger()
router = APIRouter(prefix="/movies/favorites", tags=["commands"])

# Its rank is how many films wait before it for the same user, so that a long list of one starves nobody else; who waits
# for it too, with fewer films of his own, or is the first to wait for it, moves it forward; the latter also while it is
# being fetched, because that may fail. The worker closes the gap when earlier ones are fetched. A film that upstream
# did not know is asked for again when somebody adds it an hour later, then two, four…
ADD = text("""
    WITH known AS (
        SELECT added_at FROM favourite WHERE user_id = :user_id AND kinopoisk_id = :kinopoisk_id
    ), room AS (
        SELECT WHERE EXISTS (SELECT FROM known)
            OR (SELECT count(*) FROM favourite WHERE user_id = :user_id) < :most
    ), waiting AS (
        SELECT coalesce(max(rank) + 1, 0) AS before FROM film_sync WHERE requested_by = :user_id
    ), wanted AS (
        INSERT INTO film_sync (kinopoisk_id, requested_by, rank, requested_at, request_id)
        SELECT :kinopoisk_id, :user_id, before, now(), CAST(:request_id AS text) FROM room, waiting
        ON CONFLICT DO NOTHING
    ), asked_again AS (
        UPDATE film_sync SET next_attempt_at = now(), priority = 0, requested_by = :user_id, rank = before,
            requested_at = now(), request_id = CAST(:request_id AS text)
        FROM room, waiting
        WHERE kinopoisk_id = :kinopoisk_id AND status = 'not_found'
            AND fetched_at < now() - interval '1 hour' * 2 ^ least(misses - 1, 6)
            AND claimed_at IS NULL AND next_attempt_at > now()
        RETURNING 1
    ), moved_forward AS (
        UPDATE film_sync SET requested_by = :user_id, rank = before, priority = 0,
            requested_at = coalesce(requested_at, now()), request_id = CAST(:request_id AS text)
        FROM room, waiting
        WHERE kinopoisk_id = :kinopoisk_id
            AND (priority = 0 AND rank > before AND claimed_at IS NULL OR priority = 2 AND status = 'pending')
    ), added AS (
        INSERT INTO favourite (user_id, kinopoisk_id) SELECT :user_id, :kinopoisk_id FROM room
        ON CONFLICT DO NOTHING RETURNING added_at
    )
    SELECT EXISTS (SELECT FROM added) AS is_new, EXISTS (SELECT FROM asked_again) AS asked_again,
        (SELECT added_at FROM added UNION ALL SELECT added_at FROM known LIMIT 1) AS added_at
""")


class NewFavourite(Body):
    kinopoisk_id: KinopoiskId


@router.post(
    "",
    status_code=202,
    response_model=shapes.FavouriteItem,
    responses=problems(errors.FavouritesLimitReached, *SIGNED_IN, *WITH_BODY),
)
async def add_favourite(
    film: NewFavourite,
    identity: CurrentIdentity,
    engine: WriteEngine,
    most: FavouritesLimit,
    listeners: FavouriteListeners,
    read_item: ItemReader,
) -> Response:
    """Remember a favourite. Safe to repeat; the film's details arrive a moment later, see Location."""
    structlog.contextvars.bind_contextvars(kinopoisk_id=film.kinopoisk_id)
    wish = {"user_id": identity.user_id, "kinopoisk_id": film.kinopoisk_id, "request_id": request_id()}
    async with engine.begin() as connection:
        await one_at_a_time(connection, identity.user_id)
        result: Row[tuple[bool, bool, datetime | None]] = (await connection.execute(ADD, wish | {"most": most})).one()
    if result.added_at is None:
        raise errors.FavouritesLimitReached
    if result.is_new or result.asked_again:
        listeners.waker.ring()  # only after the commit; the sweep covers a crash here
    if result.is_new:
        listeners.choices.chosen(identity.user_id, film.kinopoisk_id)
        log.info("favourite_added")
    item = await read_item(identity.user_id, film.kinopoisk_id)
    item = item or removed_meanwhile(film.kinopoisk_id, result.added_at)
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
async def remove_favourite(kinopoisk_id: FilmInPath, identity: CurrentIdentity, engine: WriteEngine) -> None:
    """Forget a favourite."""
    mine = (favourite.c.user_id == identity.user_id) & (favourite.c.kinopoisk_id == kinopoisk_id)
    async with engine.begin() as connection:
        removed = await connection.execute(delete(favourite).where(mine))
    if not removed.rowcount:
        raise errors.FavouriteNotFound
    log.info("favourite_removed")
