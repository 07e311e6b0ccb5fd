"""The kinds of arrays that the parts of the recommender hand to each other, and two things that numpy lacks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


def starts(lengths: Ints) -> Ints:
    """Where each of consecutive runs of these lengths begins, and where the last one ends."""
    found = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=found[1:])
    return found


def largest(values: Floats, count: int) -> Ints:
    """Where the largest values are, the largest first; of equal ones the first."""
    if len(values) <= count:
        return np.argsort(-values, kind="stable")
    places = np.sort(np.argpartition(-values, count - 1)[:count])
    return places[np.argsort(-values[places], kind="stable")]
