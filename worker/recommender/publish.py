"""Puts new neighbours in the place of the old ones, in one transaction."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Ints
from worker.recommender.blend import Neighbours
from worker.recommender.films import Films

Row = tuple[int, list[int], list[float], list[int], int]

COLUMNS = ("kinopoisk_id", "neighbours", "weights", "kinds", "favourites")

MODEL = """
    INSERT INTO recommender_model AS model (version, half_row_max, built_at, seconds, users, favourites, films,
        collaborative_mass, similar_mass, content_mass, quality)
    VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE SET
        version = greatest(model.version + 1, excluded.version), half_row_max = excluded.half_row_max,
        built_at = excluded.built_at, seconds = excluded.seconds, users = excluded.users,
        favourites = excluded.favourites, films = excluded.films, collaborative_mass = excluded.collaborative_mass,
        similar_mass = excluded.similar_mass, content_mass = excluded.content_mass, quality = excluded.quality,
        failures = 0, retry_at = NULL
"""
# What tells of the last full rebuild stays: when the next one is due, and how good it must be.
PARTLY_NEW = """
    UPDATE recommender_model SET half_row_max = $1, failures = 0, retry_at = NULL,
        version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
"""


class Model(NamedTuple):
    """The row of recommender_model, but for its version and time."""

    half_row_max: float
    built_at: datetime
    seconds: float
    users: int
    favourites: int
    films: int
    collaborative_mass: float
    similar_mass: float
    content_mass: float
    quality: float | None


async def publish(connection: asyncpg.Connection, rows: Iterable[Row], model: Model, *, only_changed: bool) -> None:
    """Readers see the old rows until all of the new ones are there."""
    async with connection.transaction():
        await connection.execute("DELETE FROM film_neighbour")
        await connection.copy_records_to_table("film_neighbour", records=rows, columns=COLUMNS)
        if only_changed:
            await connection.execute(PARTLY_NEW, model.half_row_max)
        else:
            await connection.execute(MODEL, *model)
    await connection.execute("ANALYZE film_neighbour")


def rows(films: Films, neighbours: Neighbours, favourites: Ints) -> Iterator[Row]:
    """Of films that lead somewhere, and empty ones of stored films that do not, so that none is taken for a new one.

    `favourites` says how many people had each film when what leads to it was found.
    """
    for film in np.flatnonzero((np.diff(neighbours.start) > 0) | films.stored).tolist():
        target, weight, kind = neighbours.row(film)
        ids = films.kinopoisk_id[target].tolist()
        yield int(films.kinopoisk_id[film]), ids, weight.tolist(), kind.tolist(), int(favourites[film])
