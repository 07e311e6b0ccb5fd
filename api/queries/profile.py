"""The user's own account and how many favourites it has."""

from fastapi import APIRouter, Response
from sqlalchemy import func, select, true

from api import errors, shapes
from api.answers import json_answer
from api.identity import CurrentIdentity
from api.openapi import SIGNED_IN, problems
from api.queries.deps import ReadEngine
from shared.moments import json_moment
from shared.tables.truth import favourite, user_account
from shared.tables.work import film_sync

router = APIRouter(tags=["queries"])

STATUSES = ("pending", "ready", "not_found", "failed")

COUNTS = [func.count().filter(film_sync.c.status == status).label(status) for status in STATUSES]


@router.get("/profile", response_model=shapes.Profile, responses=problems(*SIGNED_IN))
async def get_profile(identity: CurrentIdentity, engine: ReadEngine) -> Response:
    """Who is logged in."""
    counts = (
        select(func.count().label("total"), *COUNTS)
        .select_from(favourite.join(film_sync, film_sync.c.kinopoisk_id == favourite.c.kinopoisk_id))
        .where(favourite.c.user_id == identity.user_id)
        .subquery()
    )
    account = (
        select(user_account.c.username, user_account.c.created_at, counts)
        .select_from(user_account.join(counts, true()))
        .where(user_account.c.id == identity.user_id)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(account)).mappings().one_or_none()
    if row is None:
        raise errors.Unauthorized
    return json_answer(
        {
            "id": identity.user_id,
            "username": row["username"],
            "created_at": json_moment(row["created_at"]),
            "favorites": {name: row[name] for name in ("total", *STATUSES)},
        },
        store=False,
    )
