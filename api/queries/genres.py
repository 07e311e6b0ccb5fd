"""Genres: the list with how many films each has to recommend, and which one somebody means who types a name."""

from collections.abc import Mapping

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_answer
from api.openapi import problems
from api.queries.deps import ReadEngine
from shared.genre_names import ASKABLE, genre_meant, nearest
from shared.genres import Genre

router = APIRouter(tags=["queries"])

# A chart's last place says how many films it has; looked up, because counting would read all of every chart.
COUNTS = text("""
    SELECT genre, last.place AS films FROM unnest(CAST(:genres AS smallint[])) AS genre CROSS JOIN LATERAL (
        SELECT place FROM film_chart WHERE film_chart.genre = genre.genre ORDER BY place DESC LIMIT 1
    ) AS last
""")

# The same for everybody; charts change by the hour.
KEPT_FOR = "public, max-age=60"


@router.get("/genres", response_model=list[shapes.KnownGenre], responses=problems())
async def list_genres(engine: ReadEngine) -> Response:
    """The genres that recommendations can be asked for, by Russian name, and how many films each has for them."""
    films = await films_by_genre(engine)
    body = [{**genre._asdict(), "films": films.get(genre.id, 0)} for genre in ASKABLE]
    return json_answer(body, Cache_Control=KEPT_FOR)


async def films_by_genre(engine: AsyncEngine) -> Mapping[int | None, int]:
    """How many films of each genre, by id, may be recommended to anybody; at most as many as a chart has places."""
    async with engine.connect() as connection:
        rows = await connection.execute(COUNTS, {"genres": [genre.id for genre in ASKABLE]})
        return {row.genre: row.films for row in rows}


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
