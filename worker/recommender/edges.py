"""Edges from film to film by one kind of evidence."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from worker.recommender.arrays import Flags, Floats, Ints, starts


class Found(NamedTuple):
    """Edges as they were found, one beside the other."""

    source: Ints
    target: Ints
    weight: Floats

    @classmethod
    def joined(cls, parts: Iterable["Found"]) -> "Found":
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    @classmethod
    def none(cls) -> "Found":
        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


class Edges(NamedTuple):
    """Sorted by source: from film i lead those at start[i]:start[i + 1]. Films are numbered as in Films."""

    start: Ints
    target: Ints
    weight: Floats

    def source(self) -> Ints:
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def only(self, wanted: Flags) -> "Edges":
        found = Found(self.source()[wanted], self.target[wanted], self.weight[wanted])
        return edges(len(self.start) - 1, [found])

    def mass(self) -> float:
        """The mean over targets of all that leads to one; 1 where nothing leads anywhere, because it shall divide."""
        targets = np.count_nonzero(np.bincount(self.target))
        return float(self.weight.sum(dtype=np.float64) / targets) if targets else 1.0


def edges(films: int, parts: Sequence[Found]) -> Edges:
    """All of these, of which no two have the same source and target."""
    source = np.concatenate([part.source for part in parts])
    start, order = starts(np.bincount(source, minlength=films)), np.argsort(source, kind="stable")
    del source  # millions of edges: one column after the other takes a third of the memory
    target = np.concatenate([part.target for part in parts])[order]
    weight = np.concatenate([part.weight for part in parts])[order]
    return Edges(start, target.astype(np.int32, copy=False), weight.astype(np.float32, copy=False))
