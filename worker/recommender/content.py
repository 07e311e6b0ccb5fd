"""What films are: those of the same rare genres, the same years, the same countries resemble each other."""

from typing import Any

import numpy as np

from worker.recommender.arrays import Floats, Ints, largest
from worker.recommender.edges import Edges, Found, edges
from worker.recommender.films import Films, Labels

NEAREST = 50
GENRES, YEARS, COUNTRIES = 1.0, 0.7, 0.5
BINS_OF_YEARS = (5, 10)
# Hundreds of films are the same in all of this: the better ones come first.
STANDING = 1e-3
# So many films are compared with all others at once.
BLOCK = 64


def content(films: Films) -> Edges:
    """From each film to those most like it, weighted by cosine similarity."""
    described = features(films)
    targets = np.flatnonzero(films.target).astype(np.int32)
    compared, standing = described[targets].T, STANDING * standings(films.prior[targets])
    parts = [Found.none()]
    for first in range(0, len(described), BLOCK):
        block = np.arange(first, min(first + BLOCK, len(described)))
        cosines = described[block] @ compared
        cosines[block[:, None] == targets] = 0
        found = (nearest(film, targets, cosine, standing) for film, cosine in zip(block, cosines, strict=True))
        parts.append(Found.joined(found))
    return edges(len(described), parts)


def nearest(film: np.integer[Any], targets: Ints, cosine: Floats, standing: Floats) -> Found:
    best = largest(cosine + standing, NEAREST)
    best = best[cosine[best] > 0]
    return Found(np.full(len(best), film, np.int32), targets[best], cosine[best])


def standings(prior: Floats) -> Floats:
    """From nearly 0 for the worst film to 1 for the best; of equals the first is the better one."""
    order = np.argsort(-prior, kind="stable")
    found = np.empty(len(prior), np.float32)
    found[order] = 1 - np.arange(len(prior)) / max(len(prior), 1)
    return found


def features(films: Films) -> Floats:
    """A row for each film, of length 1 or, where nothing is known of it, 0."""
    count = len(films.kinopoisk_id)
    dated = np.flatnonzero(films.year)
    bins = [Labels(dated, films.year[dated] // years) for years in BINS_OF_YEARS]
    parts = [weighted(films.genres, GENRES, count), weighted(films.countries, COUNTRIES, count)]
    together = np.concatenate([*parts, *(weighted(labels, YEARS, count) for labels in bins)], axis=1)
    length = np.sqrt(np.einsum("ij,ij->i", together, together))[:, None]
    together /= np.where(length > 0, length, 1)
    return together


def weighted(labels: Labels, weight: float, count: int) -> Floats:
    """A column for each label, with its inverse document frequency where a film carries it."""
    names, column = np.unique(labels.label, return_inverse=True)
    frequency = np.log(count / np.bincount(column, minlength=len(names)))
    found = np.zeros((count, len(names)), np.float32)
    found[labels.film, column] = weight * frequency[column]
    return found
