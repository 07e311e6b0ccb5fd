"""What is stored of films: details, a summary, or only that they are wanted."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.films import FRESHNESS
from api.identity import with_session
from shared.lending import driver
from shared.prepared import Prepared
from shared.tables.read import film
from shared.tables.truth import favourite
from shared.tables.work import film_sync

WANTED = (
    func.unnest(bindparam("films", type_=ARRAY(Integer)))
    .table_valued("kinopoisk_id", with_ordinality="place", name="wanted")
    .render_derived()
)
JOINED = WANTED.outerjoin(film_sync, film_sync.c.kinopoisk_id == WANTED.c.kinopoisk_id).outerjoin(
    film, film.c.kinopoisk_id == WANTED.c.kinopoisk_id
)
MINE = (favourite.c.kinopoisk_id == WANTED.c.kinopoisk_id) & (favourite.c.user_id == bindparam("user_id"))

STORED = select(WANTED.c.kinopoisk_id, film_sync.c.status, film.c.document, film.c.detail, *FRESHNESS)
# The usual film that somebody opens: wanted once, so with a work row.
BY_ID = (
    select(film_sync.c.kinopoisk_id, film_sync.c.status, film.c.document, film.c.detail, *FRESHNESS)
    .select_from(film_sync.outerjoin(film, film.c.kinopoisk_id == film_sync.c.kinopoisk_id))
    .where(film_sync.c.kinopoisk_id == bindparam("kinopoisk_id"))
)
WANTED_ONE, WANTED_BY_ASKER = Prepared(BY_ID), with_session(BY_ID)
ANY_ONE = Prepared(STORED.select_from(JOINED))
WITH_FAVOURITES = Prepared(
    STORED.add_columns(favourite.c.user_id.is_not(None).label("is_favorite"))
    .select_from(JOINED.outerjoin(favourite, MINE))
    .order_by(WANTED.c.place)
)


async def read_film(engine: AsyncEngine, kinopoisk_id: int) -> Any:
    """One row, whether or not anything is stored: then all but the id is null."""
    async with driver(engine) as connection:
        wanted = await WANTED_ONE.row(connection, kinopoisk_id=kinopoisk_id)
        return wanted or await ANY_ONE.row(connection, films=[kinopoisk_id])


async def read_films(engine: AsyncEngine, films: Sequence[int], user_id: uuid.UUID) -> list[Any]:
    """One row a film, in the order given, with `is_favorite` of this user."""
    async with driver(engine) as connection:
        return await WITH_FAVOURITES.rows(connection, films=list(films), user_id=user_id)
