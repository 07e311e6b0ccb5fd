"""The kinds of evidence in one: how strongly a film leads to others, and mostly by which kind."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from shared.recommendations import COLLABORATIVE, CONTENT, SIMILAR
from worker.recommender.arrays import Floats, Ints, largest, starts
from worker.recommender.edges import Edges

KEPT = 50
# When so many people have a film, what else they have is half believed.
HALF_BELIEVED = 20
CONTENT_WEIGHT = 0.3

Row = tuple[Ints, Floats, Ints]


class Neighbours(NamedTuple):
    """From film i lead those at start[i]:start[i + 1], the strongest first."""

    start: Ints
    target: Ints
    weight: Floats
    kind: Ints

    def row(self, film: int) -> Row:
        run = slice(self.start[film], self.start[film + 1])
        return self.target[run], self.weight[run], self.kind[run]


def neighbours(films: int, rows: Iterable[Row]) -> Neighbours:
    """Of one row for each film, with KEPT neighbours at most."""
    lengths = np.zeros(films, np.int64)
    target = np.empty(films * KEPT, np.int32)
    weight, kind = np.empty(len(target), np.float32), np.empty(len(target), np.int8)
    end = 0
    for film, row in enumerate(rows):
        lengths[film] = len(row[0])
        run = slice(end, end := end + lengths[film])
        target[run], weight[run], kind[run] = row
    return Neighbours(starts(lengths), target[:end], weight[:end], kind[:end])


def shares(people: Ints, masses: Sequence[float]) -> Floats:
    """For each kind and each film that is led to, by what the weights are multiplied.

    The more people have a film, the more counts what they have beside it. Each kind is divided by its mass.
    """
    evidence = people / (people + HALF_BELIEVED)
    found = np.empty((len(masses), len(people)))
    found[COLLABORATIVE] = 0.25 + 0.75 * evidence
    found[SIMILAR] = 1.1 - evidence
    found[CONTENT] = CONTENT_WEIGHT * (1.1 - evidence)
    found /= np.asarray(masses)[:, None]
    return found


def blend(parts: Sequence[Edges], share: Floats) -> Neighbours:
    """`parts` and `share` by kind."""
    films = share.shape[1]
    return neighbours(films, (blended(parts, share, film) for film in range(films)))


def blended(parts: Sequence[Edges], share: Floats, film: int) -> Row:
    runs = [slice(part.start[film], part.start[film + 1]) for part in parts]
    leads = [part.target[run] for part, run in zip(parts, runs, strict=True)]
    target = np.unique(np.concatenate(leads))
    weight = np.zeros((len(parts), len(target)), np.float32)
    for kind, (part, run, led) in enumerate(zip(parts, runs, leads, strict=True)):
        weight[kind, np.searchsorted(target, led)] = part.weight[run] * share[kind, led]
    return strongest(target, weight.sum(axis=0), weight.argmax(axis=0))


def strongest(target: Ints, weight: Floats, kind: Ints) -> Row:
    best = largest(weight, KEPT)
    return target[best], weight[best], kind[best]
