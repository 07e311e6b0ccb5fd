"""A rebuild of a few films: those whose favourites have changed since, merged into the neighbours in use."""

from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Flags
from worker.recommender.blend import Neighbours, Row, neighbours, strongest
from worker.recommender.edges import Edges
from worker.recommender.films import ROWS_AT_ONCE, Films

# By so much of what it was must the number of people change who have a film.
NOTABLE = 0.1

STORED = "SELECT kinopoisk_id, neighbours, weights, kinds FROM film_neighbour"
MASSES = "SELECT collaborative_mass, similar_mass, content_mass FROM recommender_model"


class InUse(NamedTuple):
    """The model that is served, and by what the edges of each kind were divided for it."""

    neighbours: Neighbours
    masses: list[float]


class Changes(NamedTuple):
    """Which films lead elsewhere now: those whose favourites changed, and of these those without any neighbours."""

    changed: Flags
    new: Flags


def changes(films: Films) -> Changes:
    new = (films.fitted < 0) & (films.favourites > 0) & films.stored
    moved = np.abs(films.favourites - films.fitted) > NOTABLE * films.fitted
    return Changes(new | ((films.fitted >= 0) & moved), new)


async def load_masses(connection: asyncpg.Connection) -> list[float] | None:
    """None before the first full rebuild."""
    masses = await connection.fetchrow(MASSES)
    return None if masses is None or None in masses.values() else list(masses)


async def load_neighbours(connection: asyncpg.Connection, films: Films) -> Neighbours:
    """Those that are served. Within a transaction."""
    rows: list[Row] = [NOTHING] * len(films.kinopoisk_id)
    async for film, target, weight, kind in connection.cursor(STORED, prefetch=ROWS_AT_ONCE):
        place, places = films.places(np.array([film]))[0], films.places(np.array(target, np.int32))
        row = places.astype(np.int32), np.array(weight, np.float32), np.array(kind, np.int8)
        if place >= 0:
            rows[place] = only(row, (places >= 0) & films.target[places])
    return neighbours(len(rows), rows)


NOTHING: Row = np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int8)


def only(row: Row, wanted: Flags) -> Row:
    target, weight, kind = row
    return target[wanted], weight[wanted], kind[wanted]


def concerned(part: Edges, found: Changes, films: Films) -> Edges:
    """The edges to films that have changed, and all from new ones."""
    source = part.source()
    has_row = found.new | (films.fitted >= 0)
    return part.only(found.new[source] | (found.changed[part.target] & has_row[source]))


def merged(old: Neighbours, fresh: Neighbours, found: Changes) -> Neighbours:
    """The neighbours in use without films that have changed, and with the fresh ones."""
    films = len(found.changed)
    return neighbours(films, (merged_row(old.row(film), fresh.row(film), found.changed) for film in range(films)))


def merged_row(old: Row, fresh: Row, changed: Flags) -> Row:
    target, weight, kind = only(old, ~changed[old[0]])
    return strongest(
        np.concatenate((target, fresh[0])), np.concatenate((weight, fresh[1])), np.concatenate((kind, fresh[2]))
    )
