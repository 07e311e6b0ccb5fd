"""Genres: the list with how many films each has to recommend, and which one somebody means who types a name."""

from collections.abc import Mapping

from fastapi import APIRouter, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_answer
from api.openapi import problems
from api.queries.deps import ReadEngine
from shared.genre_names import ASKABLE, genre_meant, nearest
from shared.genres import Genre
from shared.tables.read import film_chart

router = APIRouter(tags=["queries"])

COUNTS = select(film_chart.c.genre, func.count().label("films")).group_by(film_chart.c.genre)

# The same for everybody; charts change by the hour.
KEPT_FOR = "public, max-age=60"


@router.get("/genres", response_model=list[shapes.KnownGenre], responses=problems())
async def list_genres(engine: ReadEngine) -> Response:
    """The genres that recommendations can be asked for, by Russian name, and how many films each has for them."""
    films = await films_by_genre(engine)
    body = [{**genre._asdict(), "films": films.get(genre.id, 0)} for genre in ASKABLE]
    return json_answer(body, Cache_Control=KEPT_FOR)


async def films_by_genre(engine: AsyncEngine) -> Mapping[int | None, int]:
    """How many films of each genre, by id, may be recommended to anybody."""
    async with engine.connect() as connection:
        return {row.genre: row.films for row in await connection.execute(COUNTS)}


async def resolve(engine: AsyncEngine, typed: str | None) -> Genre | None:
    """The genre that was typed, None where none was. Raises UnknownGenre, which tells what could be typed instead."""
    if typed is None:
        return None
    if genre := genre_meant(typed):
        return genre
    films = await films_by_genre(engine)
    filled = [genre.slug for genre in ASKABLE if films.get(genre.id)]
    near = nearest(typed)
    raise errors.UnknownGenre(genres=filled or [genre.slug for genre in ASKABLE], nearest=near.slug if near else None)
