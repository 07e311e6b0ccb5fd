"""Hiding films, "not interested", and unhiding them. Any id may be hidden, whether or not it is stored here."""

import structlog
from fastapi import APIRouter, Response
from sqlalchemy import delete, text

from api import errors
from api.commands.deps import HiddenLimit, WriteEngine
from api.commands.one_at_a_time import one_at_a_time
from api.identity import CurrentIdentity
from api.inputs import FilmInPath
from api.openapi import SIGNED_IN, problems
from shared.tables.truth import hidden_film

log = structlog.get_logger()
router = APIRouter(prefix="/movies/hidden", tags=["commands"])

HIDE = text("""
    WITH known AS (
        SELECT FROM hidden_film WHERE user_id = :user_id AND kinopoisk_id = :kinopoisk_id
    ), hidden AS (
        INSERT INTO hidden_film (user_id, kinopoisk_id) SELECT :user_id, :kinopoisk_id
        WHERE (SELECT count(*) FROM hidden_film WHERE user_id = :user_id) < :most
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT EXISTS (SELECT FROM hidden) AS is_new, EXISTS (SELECT FROM known) AS known
""")


@router.put(
    "/{kinopoisk_id}",
    status_code=204,
    response_class=Response,
    responses=problems(errors.HiddenLimitReached, errors.InvalidRequest, errors.UnsupportedMediaType, *SIGNED_IN),
)
async def hide_film(
    kinopoisk_id: FilmInPath, identity: CurrentIdentity, engine: WriteEngine, most: HiddenLimit
) -> None:
    """Not interested: recommend this film no more. Safe to repeat."""
    wish = {"user_id": identity.user_id, "kinopoisk_id": kinopoisk_id, "most": most}
    async with engine.begin() as connection:
        await one_at_a_time(connection, identity.user_id)
        result = (await connection.execute(HIDE, wish)).one()
    if not result.is_new and not result.known:
        raise errors.HiddenLimitReached
    if result.is_new:
        log.info("film_hidden")


@router.delete(
    "/{kinopoisk_id}",
    status_code=204,
    response_class=Response,
    responses=problems(errors.HiddenFilmNotFound, errors.InvalidRequest, *SIGNED_IN),
)
async def unhide_film(kinopoisk_id: FilmInPath, identity: CurrentIdentity, engine: WriteEngine) -> None:
    """The film may be recommended again."""
    mine = (hidden_film.c.user_id == identity.user_id) & (hidden_film.c.kinopoisk_id == kinopoisk_id)
    async with engine.begin() as connection:
        unhidden = await connection.execute(delete(hidden_film).where(mine))
    if not unhidden.rowcount:
        raise errors.HiddenFilmNotFound
    log.info("film_unhidden")
