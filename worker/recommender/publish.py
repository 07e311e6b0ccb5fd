"""Puts new neighbours in the place of the old ones, in one transaction."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Ints
from worker.recommender.blend import Neighbours
from worker.recommender.films import Films

Row = tuple[int, list[int], list[float], list[int], int]

COLUMNS = ("kinopoisk_id", "neighbours", "weights", "kinds", "favourites")

MODEL = """
    INSERT INTO recommender_model (version, half_row_max, built_at, seconds, users, favourites, films,
        collaborative_mass, similar_mass, content_mass, quality)
    VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1, now(), $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO UPDATE SET
        version = greatest(recommender_model.version + 1, excluded.version), half_row_max = excluded.half_row_max,
        built_at = CASE WHEN $10 THEN recommender_model.built_at ELSE excluded.built_at END,
        seconds = CASE WHEN $10 THEN recommender_model.seconds ELSE excluded.seconds END, users = excluded.users,
        favourites = excluded.favourites, films = excluded.films, collaborative_mass = excluded.collaborative_mass,
        similar_mass = excluded.similar_mass, content_mass = excluded.content_mass, quality = excluded.quality
"""


class Model(NamedTuple):
    """The row of recommender_model, but for its version and time."""

    half_row_max: float
    seconds: float
    users: int
    favourites: int
    films: int
    collaborative_mass: float
    similar_mass: float
    content_mass: float
    quality: float | None


async def publish(connection: asyncpg.Connection, rows: Iterable[Row], model: Model, *, only_changed: bool) -> None:
    """Readers see the old rows until all of the new ones are there. Built is a model when all of it was."""
    async with connection.transaction():
        await connection.execute("DELETE FROM film_neighbour")
        await connection.copy_records_to_table("film_neighbour", records=rows, columns=COLUMNS)
        await connection.execute(MODEL, *model, only_changed)
    await connection.execute("ANALYZE film_neighbour")


def rows(films: Films, neighbours: Neighbours, favourites: Ints) -> Iterator[Row]:
    """Of films that lead somewhere, and of favourites that do not, so that they are not taken for new ones.

    `favourites` says how many people had each film when what leads to it was found.
    """
    for film in np.flatnonzero((np.diff(neighbours.start) > 0) | (favourites > 0)).tolist():
        target, weight, kind = neighbours.row(film)
        ids = films.kinopoisk_id[target].tolist()
        yield int(films.kinopoisk_id[film]), ids, weight.tolist(), kind.tolist(), int(favourites[film])
