"""What the neighbours say for a person: what api/queries sums up in SQL, here for a sample of all people."""

from typing import NamedTuple

import numpy as np

from shared.recommendations import FAVOURITES_HEARD, HALF_LIFE
from worker.recommender.arrays import Floats, Ints
from worker.recommender.blend import Neighbours
from worker.recommender.favourites import Favourites
from worker.recommender.interactions import Interactions

# So many people are enough to know the median, and the mean quality, of all.
ENOUGH = 5_000
# With fewer people the quality would be a matter of luck, and what is kept for it would be missed.
PEOPLE_TO_ASK = 10_000
TOP = 10


class HeldOut(NamedTuple):
    """The newest favourites of some people, which are kept from the fit to see whether it finds them."""

    person: Ints
    film: Ints


def hold_out(given: Favourites, least: int = PEOPLE_TO_ASK) -> tuple[Favourites, HeldOut]:
    """What is left to learn from, and what was held out; nothing where there are fewer people than that."""
    asked = np.flatnonzero(given.asked & (given.lengths > 1) & (len(given.lengths) >= least))
    newest = (np.cumsum(given.lengths) - given.lengths)[asked]
    lengths = given.lengths.copy()
    lengths[asked] -= 1
    left = Favourites(np.delete(given.films, newest), lengths, given.asked)
    return left, HeldOut(asked, given.films[newest])


def scores(neighbours: Neighbours, favourites: Ints) -> Floats:
    """How strongly these favourites, the newest first, lead to each film."""
    heard = favourites[:FAVOURITES_HEARD]
    loudness = np.exp2(-np.arange(len(heard)) / HALF_LIFE)
    runs = [slice(neighbours.start[film], neighbours.start[film + 1]) for film in heard]
    target = np.concatenate([neighbours.target[run] for run in runs])
    weight = np.concatenate([neighbours.weight[run] * loud for run, loud in zip(runs, loudness, strict=True)])
    found = np.zeros(len(neighbours.start) - 1)
    np.add.at(found, target, weight)
    return found


def half_row_max(neighbours: Neighbours, given: Interactions) -> float:
    """Half of the best score that the median person has; 0 where there is nobody."""
    best = [scores(neighbours, given.favourites(person)).max() for person in some(len(given.of_person) - 1)]
    return float(np.median(best)) / 2 if best else 0.0


def quality(neighbours: Neighbours, given: Interactions, held_out: HeldOut) -> float | None:
    """The mean nDCG@10 of what was held out, where anything was."""
    found = []
    for each in some(len(held_out.person)):
        favourites = given.favourites(held_out.person[each])
        score = scores(neighbours, favourites)
        wanted = score[held_out.film[each]]
        score[favourites] = 0
        place = np.count_nonzero(score >= wanted) - 1
        found.append(1 / np.log2(place + 2) if wanted > 0 and place < TOP else 0.0)
    return float(np.mean(found)) if found else None


def some(count: int) -> Ints:
    """At most ENOUGH of the numbers below `count`, evenly spread and always the same."""
    return np.unique(np.linspace(0, count - 1, min(count, ENOUGH)).astype(int)) if count else np.empty(0, int)
