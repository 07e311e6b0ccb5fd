"""What any recommender is compared with: the most popular films, and EASE (Steck 2019), each some lines of numpy."""

import numpy as np
from numpy.typing import NDArray

from bench.protocol.events import Histories, number

Matrix = NDArray[np.float64]
Lists = dict[str, list[str]]


class Shelf:
    """Films as columns, in the order of their ids, and whom the model learns from as rows."""

    def __init__(self, train: Histories, universe: set[str]) -> None:
        self.films = sorted(universe, key=number)
        self._column = {film: column for column, film in enumerate(self.films)}
        self.train = self.matrix(train)

    def matrix(self, histories: Histories) -> Matrix:
        """1 where the user has the film."""
        rows = np.zeros((len(histories), len(self.films)))
        for row, history in enumerate(histories.values()):
            rows[row, [self._column[event.film] for event in history if event.film in self._column]] = 1
        return rows

    def best(self, told: Histories, scores: Matrix, length: int) -> Lists:
        """Each user's films of the highest scores, without those told; of equal ones the first."""
        scores = np.where(self.matrix(told) > 0, -np.inf, scores)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :length]
        return {user: [self.films[film] for film in row] for user, row in zip(told, order, strict=True)}


def popular(shelf: Shelf, told: Histories, length: int) -> Lists:
    counts = shelf.train.sum(axis=0)
    return shelf.best(told, np.broadcast_to(counts, (len(told), len(counts))), length)


def ease(shelf: Shelf, told: Histories, length: int, ridge: float) -> Lists:
    """The linear model without self-similarity, in closed form; `ridge` is lambda."""
    gram = shelf.train.T @ shelf.train
    np.fill_diagonal(gram, gram.diagonal() + ridge)
    inverse = np.linalg.inv(gram)
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    return shelf.best(told, shelf.matrix(told) @ weights, length)
