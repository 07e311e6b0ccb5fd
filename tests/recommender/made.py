"""Films for tests of single parts, without a database."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from worker.recommender.films import Films, Labels


def labels(of_films: Mapping[int, Sequence[int]]) -> Labels:
    pairs = [(film, label) for film, several in of_films.items() for label in several]
    film, label = zip(*pairs, strict=True) if pairs else ((), ())
    return Labels(np.array(film, np.int64), np.array(label, np.int64))


def films(count: int, **given: Any) -> Films:
    """So many, of which nothing is known but what is given."""
    zeros = np.zeros(count, np.int64)
    unknown: dict[str, Any] = {
        "kinopoisk_id": np.arange(count) + 1,
        "stored": np.ones(count, bool),
        "target": np.ones(count, bool),
        "year": zeros,
        "genres": labels({}),
        "countries": labels({}),
        "prior": np.zeros(count, np.float32),
        "favourites": zeros,
        "fitted": zeros - 1,
    }
    return Films(**(unknown | given))
