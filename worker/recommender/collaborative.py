"""What people's favourites say: for each film the ridge regression on those films that share most people with it.

Sparse linear methods with feature selection (Ning and Karypis, SLIM, 2011) under an L2 penalty, which for all films at
once would be EASE (Steck, 2019): nearly its quality without a matrix of films by films.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from worker.recommender.arrays import Floats, Ints, largest
from worker.recommender.edges import Edges, Found, edges
from worker.recommender.interactions import Interactions

NEIGHBOURS = 100
# Fewer people than this share a film by chance.
LEAST_TOGETHER = 2
# Cosine similarity is damped, or two films of the same two people would be the best of neighbours.
DAMPING = 10
LEAST_WEIGHT = 5e-4
# So many regressions are prepared at once: 40 KB each.
BATCH = 250


class Columns(NamedTuple):
    """For each target, in a row, its neighbours and in how many people's favourites both are."""

    neighbours: Ints  # padded with -1
    together: Floats


def collaborative(given: Interactions, targets: Ints, done: Callable[[int], None] = lambda _: None) -> Edges:
    """Edges to these targets; `done` hears how many more are ready."""
    return edges(len(given.of_film) - 1, [regressions(given, targets, done)])


def regressions(given: Interactions, targets: Ints, done: Callable[[int], None]) -> Found:
    penalty = ridge_penalty(len(given.of_person) - 1)
    neighbours, together = neighbourhoods(given, targets)
    weight = together  # row by row, what was known becomes what is sought
    order = by_hub(neighbours, given.counts())
    for first in range(0, len(order), BATCH):
        rows = order[first : first + BATCH]
        weight[rows] = solutions(grams(given, neighbours[rows]), together[rows], penalty)
        done(len(rows))
    kept = (weight > LEAST_WEIGHT) & (neighbours >= 0)
    return Found(neighbours[kept], np.repeat(targets, kept.sum(axis=1)), weight[kept])


def ridge_penalty(people: int) -> float:
    return float(np.clip(0.05 * people + 25, 30, 300))


def neighbourhoods(given: Interactions, targets: Ints) -> Columns:
    neighbours = np.full((len(targets), NEIGHBOURS), -1, np.int32)
    together = np.zeros((len(targets), NEIGHBOURS), np.float32)
    popularity = given.counts()
    for row, target in enumerate(targets):
        count = given.together(target)
        found = nearest(count, popularity, target)
        neighbours[row, : len(found)], together[row, : len(found)] = found, count[found]
    return Columns(neighbours, together)


def nearest(together: Ints, popularity: Ints, target: int) -> Ints:
    """The films that share most people with this one, by cosine."""
    shared = np.flatnonzero(together >= LEAST_TOGETHER)
    shared = shared[shared != target]
    cosine = together[shared] / (np.sqrt(popularity[shared] * float(popularity[target])) + DAMPING)
    found: Ints = shared[largest(cosine, NEIGHBOURS)]
    return found


def by_hub(neighbours: Ints, popularity: Ints) -> Ints:
    """The rows in an order in which those stand together that have many neighbours in common.

    That is by their most popular neighbour.
    """
    hub = np.where(neighbours >= 0, popularity[neighbours], -1).argmax(axis=1)
    return np.argsort(neighbours[np.arange(len(neighbours)), hub], kind="stable")


def solutions(normal: Floats, known: Floats, penalty: float) -> Floats:
    """Row by row the w of (X'X + penalty I) w = X'x: X are the people of the neighbours, x those of the target."""
    diagonal = np.arange(NEIGHBOURS)
    normal[:, diagonal, diagonal] += penalty
    return np.linalg.solve(normal, known[:, :, None])[:, :, 0]


def grams(given: Interactions, neighbours: Ints) -> Floats:
    """For each row of neighbours how many people each two of them share; 0 where a row is padded.

    A film is looked up once for all the rows that it is in.
    """
    found = np.zeros((*neighbours.shape, NEIGHBOURS), np.float32)
    row, column = np.nonzero(neighbours >= 0)
    order = np.argsort(neighbours[row, column], kind="stable")
    row, column = row[order], column[order]
    films, first, times = np.unique(neighbours[row, column], return_index=True, return_counts=True)
    for film, begin, end in zip(films, first, first + times, strict=True):
        found[row[begin:end], column[begin:end]] = given.together(film)[neighbours[row[begin:end]]]
    found[neighbours < 0] = 0
    found.swapaxes(1, 2)[neighbours < 0] = 0
    return found
