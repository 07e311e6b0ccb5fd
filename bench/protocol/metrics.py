"""How good lists are: nDCG and recall of each user, coverage of all, and how sure a ratio of two means is."""

import math

import numpy as np
from numpy.typing import NDArray

from bench.protocol.references import Lists

Values = NDArray[np.float64]
Asked = dict[str, set[str]]

RESAMPLES, SEED = 2_000, 1


def ndcg(lists: Lists, asked: Asked, length: int = 10) -> Values:
    """For each user who is asked: gain 1/log2(rank + 1), beside the best that was possible."""
    return np.array([_ndcg(lists.get(user, [])[:length], films, length) for user, films in asked.items()])


def _ndcg(found: list[str], films: set[str], length: int) -> float:
    gained = sum(_gain(rank) for rank, film in enumerate(found, 1) if film in films)
    return gained / sum(_gain(rank) for rank in range(1, min(length, len(films)) + 1))


def _gain(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def recall(lists: Lists, asked: Asked, length: int = 20) -> Values:
    """For each user who is asked: the share that was found of what could be."""
    shares = (len(films & set(lists.get(user, [])[:length])) / min(length, len(films)) for user, films in asked.items())
    return np.array(list(shares))


def coverage(lists: Lists, asked: Asked, films: int, length: int = 10) -> float:
    """Which share of so many films stands in anybody's list."""
    return len({film for user in asked for film in lists.get(user, [])[:length]}) / films


def ratio(ours: Values, theirs: Values) -> tuple[float, float, float]:
    """Of the means, with its 95 % interval by bootstrap over users."""
    chosen = np.random.default_rng(SEED).integers(0, len(ours), (RESAMPLES, len(ours)))
    low, high = np.quantile(ours[chosen].mean(axis=1) / theirs[chosen].mean(axis=1), (0.025, 0.975))
    return float(ours.mean() / theirs.mean()), float(low), float(high)
