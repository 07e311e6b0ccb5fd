"""The films that the recommender knows: what is stored, and what else is among somebody's favourites."""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import asyncpg
import numpy as np

from shared.recommendations import RECOMMENDABLE
from worker.recommender.arrays import Flags, Floats, Ints

ROWS_AT_ONCE = 500

FILMS = f"""
    SELECT kinopoisk_id, film.kinopoisk_id IS NOT NULL AS stored, coalesce({RECOMMENDABLE}, false) AS target,
        coalesce(film.year, 0) AS year, coalesce(film.genres, '{{}}') AS genres,
        CASE WHEN film.document IS JSON OBJECT AND json_typeof(film.document::json -> 'countries') = 'array' THEN
            ARRAY(SELECT json_array_elements_text(film.document::json -> 'countries')) ELSE '{{}}' END AS countries,
        coalesce(film_trend.prior, 0) AS prior, coalesce(favoured.favourites, 0) AS favourites,
        coalesce(film_neighbour.favourites, -1) AS fitted
    FROM film FULL JOIN (SELECT kinopoisk_id, count(*)::integer AS favourites FROM favourite GROUP BY kinopoisk_id)
        AS favoured USING (kinopoisk_id)
        LEFT JOIN film_trend USING (kinopoisk_id) LEFT JOIN film_neighbour USING (kinopoisk_id)
    ORDER BY kinopoisk_id
"""


class Labels(NamedTuple):
    """Which films carry which labels: film[k] carries label[k]."""

    film: Ints
    label: Ints


class Films(NamedTuple):
    """By ascending id; everywhere else a film is known by its place in here."""

    kinopoisk_id: Ints
    # Something is told of it; it may be recommended.
    stored: Flags
    target: Flags
    year: Ints  # 0 where unknown
    genres: Labels
    countries: Labels
    prior: Floats
    # How many have it now; how many had it when its neighbours were found, -1 where they never were.
    favourites: Ints
    fitted: Ints

    def places(self, ids: Ints) -> Ints:
        """Where these ids are; -1 for a film that is none of these."""
        if not len(self.kinopoisk_id):
            return np.full(len(ids), -1)
        found = np.minimum(np.searchsorted(self.kinopoisk_id, ids), len(self.kinopoisk_id) - 1)
        return np.where(self.kinopoisk_id[found] == ids, found, -1)


async def load_films(connection: asyncpg.Connection) -> Films:
    """Within a transaction. Films are read a few at a time: as Python objects they would take much memory."""
    columns = {name: array(code) for name, code in COLUMNS.items()}
    genres, countries = Labelling(), Labelling()
    async for row in connection.cursor(FILMS, prefetch=ROWS_AT_ONCE):
        film = len(columns["kinopoisk_id"])
        for name, column in columns.items():
            column.append(row[name])
        genres.add(film, row["genres"])
        countries.add(film, row["countries"])
    found = {name: np.asarray(column) for name, column in columns.items()}
    found |= {name: found[name].astype(bool) for name in ("stored", "target")}
    return Films(**found, genres=genres.labels(), countries=countries.labels())


COLUMNS = {
    "kinopoisk_id": "i",
    "stored": "b",
    "target": "b",
    "year": "i",
    "prior": "f",
    "favourites": "i",
    "fitted": "i",
}


class Labelling:
    """Collects labels, and numbers them as they come."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._film, self._label = array("i"), array("i")

    def add(self, film: int, labels: Iterable[object]) -> None:
        for label in dict.fromkeys(labels):
            self._film.append(film)
            self._label.append(self._numbers.setdefault(label, len(self._numbers)))

    def labels(self) -> Labels:
        return Labels(np.asarray(self._film), np.asarray(self._label))
