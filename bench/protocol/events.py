"""Who liked what and when, and the two data sets of the protocol: MovieTweetings (data Z) and a synthetic one (S)."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_RATING, LEAST_ROWS = 7, 5
TASTES, GENRES = 20, 8


class Event(NamedTuple):
    """One favourite; `at` in seconds, of whatever origin."""

    user: str
    film: str
    at: int


class Title(NamedTuple):
    """What the recommender may know of a film."""

    film: str
    title: str
    year: str
    genres: str


# Each user's favourites, the oldest first.
Histories = dict[str, list[Event]]


class Data(NamedTuple):
    """A data set; it has all films that the histories have."""

    histories: Histories
    titles: list[Title]

    @property
    def films(self) -> set[str]:
        return {event.film for history in self.histories.values() for event in history}


def movietweetings(folder: Path) -> Data:
    """Ratings of 7 and more, of users and films that have at least 5 of them; ids without leading zeros.

    Raises OSError.
    """
    lines = (folder / "ratings.dat").read_text(encoding="utf-8").splitlines()
    rows = [line.split("::") for line in lines]
    liked = [Event(user, _plain(film), int(at)) for user, film, rating, at in rows if int(rating) >= LEAST_RATING]
    histories = in_order(dense(liked))
    wanted = {event.film for history in histories.values() for event in history}
    return Data(histories, [title for title in _titles(folder / "movies.dat") if title.film in wanted])


def _titles(file: Path) -> Iterable[Title]:
    for line in file.read_text(encoding="utf-8").splitlines():
        film, named, genres = line.split("::")
        title, _, year = named.rpartition(" (")
        yield Title(_plain(film), title, year.removesuffix(")"), genres)


def _plain(film: str) -> str:
    return str(int(film))


def dense(events: list[Event]) -> list[Event]:
    """Without users and films of fewer than 5 rows, both counted together in each round until none is left."""
    while True:
        users, films = Counter(event.user for event in events), Counter(event.film for event in events)
        kept = [event for event in events if min(users[event.user], films[event.film]) >= LEAST_ROWS]
        if len(kept) == len(events):
            return kept
        events = kept


def in_order(events: Iterable[Event]) -> Histories:
    """By user; of the same second the smaller id is the older."""
    histories: Histories = {}
    for event in sorted(events, key=lambda event: (event.at, number(event.film))):
        histories.setdefault(event.user, []).append(event)
    return histories


def number(film: str) -> tuple[int, str]:
    """Orders ids that are numbers as numbers."""
    return len(film), film


def synthetic(users: int = 3_000, films: int = 2_000, seed: int = 7) -> Data:
    """People of three tastes each, who also take what is popular; films by Zipf's law. The same numbers each time."""
    rng = np.random.default_rng(seed)
    popularity = np.empty(films)
    ranks = 1 / (np.arange(films) + 10.0)
    popularity[rng.permutation(films)] = ranks
    taste = rng.integers(0, TASTES, films)
    drawn = {str(user): _draw(rng, popularity, taste) for user in range(users)}
    histories = {user: [Event(user, str(film), at) for at, film in enumerate(row)] for user, row in drawn.items()}
    return Data(histories, [Title(str(film), f"Film {film}", "", f"g{taste[film] % GENRES}") for film in range(films)])


def _draw(rng: np.random.Generator, popularity: NDArray[np.float64], taste: NDArray[np.int64]) -> list[int]:
    wanted = int(np.clip(rng.lognormal(3.3, 0.8), 6, 300))
    tastes, shares = rng.choice(TASTES, 3, replace=False), rng.dirichlet([3, 2, 1])
    chance = np.zeros(len(popularity))
    for one, share in zip(tastes, shares, strict=True):
        mine = taste == one
        chance[mine] += 0.7 * share * popularity[mine] / popularity[mine].sum()
    chance += 0.3 * popularity / popularity.sum()
    wanted = min(wanted, int((chance > 0).sum()))
    return [int(film) for film in rng.choice(len(popularity), wanted, replace=False, p=chance / chance.sum())]
