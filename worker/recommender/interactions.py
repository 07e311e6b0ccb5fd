"""Who has which films, as arrays to walk by person and by film."""

from typing import NamedTuple

import numpy as np

from worker.recommender.arrays import Ints, starts

# A favourite of everybody is looked up in pieces: that bounds the memory and suits the processor's cache.
PEOPLE_AT_ONCE = 500


class Interactions(NamedTuple):
    """A person's films, the newest first, are films[of_person[p]:of_person[p + 1]]; people of a film likewise."""

    of_person: Ints
    films: Ints
    of_film: Ints
    people: Ints

    def favourites(self, person: int) -> Ints:
        return self.films[self.of_person[person] : self.of_person[person + 1]]

    def counts(self) -> Ints:
        """How many people have each film."""
        return np.diff(self.of_film)

    def together(self, film: int) -> Ints:
        """How many of those who have this film have each film."""
        found = np.zeros(len(self.of_film) - 1, np.int64)
        end = self.of_film[film + 1]
        for first in range(self.of_film[film], end, PEOPLE_AT_ONCE):
            places = self._places(self.people[first : min(first + PEOPLE_AT_ONCE, end)])
            found += np.bincount(self.films[places], minlength=len(found))
        return found

    def _places(self, people: Ints) -> Ints:
        """Where the favourites of these people stand."""
        lengths = self.of_person[people + 1] - self.of_person[people]
        ends = np.cumsum(lengths, dtype=np.int32)
        places = np.repeat(self.of_person[people + 1] - ends, lengths)
        places += np.arange(len(places), dtype=np.int32)
        return places


def interactions(lengths: Ints, films: Ints, count: int) -> Interactions:
    """Of people with so many favourites each, one person after the other; there are `count` films."""
    of_film = starts(np.bincount(films, minlength=count)).astype(np.int32)
    # Film and person in one number, sorted in place: half the memory of sorting one by the other.
    both = films.astype(np.int64) << 32
    both |= np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    both.sort()
    both &= np.iinfo(np.int32).max
    return Interactions(starts(lengths).astype(np.int32), films, of_film, both.astype(np.int32))
