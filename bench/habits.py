"""What people do with the service in a visit: look at their list, search, open what they found, keep some of it.

A visit is one search, 2.75 looks at the own list, 0.75 films opened and 0.5 kept, so that of all requests 55 % list
favourites, 20 % search, 15 % open a film and 10 % add one. Films are wanted as popular films are: the n-th of them
1/n times as often as the first (Zipf, s = 1).
"""

from bisect import bisect_left
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any
from urllib.parse import quote

from bench.load import Answer
from dev.sandbox.films import Film, load_films

# So many know the film's id and open or add it without a search: from a link, say.
DIRECT = 0.05
OPEN, LIST_AGAIN, ADD_IF_OPENED = 0.75, 0.75, 2 / 3


@dataclass
class Person:
    """Somebody with a token."""

    header: str
    kept: set[int] = field(default_factory=set)


Ask = Callable[[Person, str, int | None, str], Awaitable[Answer]]


class Taste:
    """Which film somebody wants, and what is typed to find it."""

    def __init__(self, choice: Random) -> None:
        self._choice = choice
        named = [film for film in load_films().values() if film.name_ru or film.name_original]
        self._films = sorted(named, key=lambda film: (-film.votes, film.id))
        self._weights = list(accumulate(1 / place for place in range(1, len(named) + 1)))

    def film(self) -> Film:
        return self._films[bisect_left(self._weights, self._choice.random() * self._weights[-1])]

    def query(self, film: Film) -> str:
        """The whole name, or as much as one cares to type."""
        name = film.name_ru or film.name_original or ""
        first = name.split()[0]
        return self._choice.choices(
            (name, name.lower(), first if len(first) > 3 else name, name[:6].strip().lower()), (45, 20, 20, 15)
        )[0]


class Visits:
    """Visits of people, one after the other; `ask` sends a request."""

    def __init__(self, ask: Ask, taste: Taste, choice: Random) -> None:
        self._ask = ask
        self._taste = taste
        self._choice = choice

    async def visit(self, person: Person) -> None:
        await self._ask(person, "list", None, "/movies/favorites")
        wanted = self._taste.film()
        answer = await self._ask(person, "search", None, f"/movies/search?query={quote(self._taste.query(wanted))}")
        await self._ask(person, "list", None, "/movies/favorites")
        film = wanted.id if self._choice.random() < DIRECT else found(answer, wanted.id)
        if film and self._choice.random() < OPEN:
            opened = await self._ask(person, "view", film, f"/movies/{film}")
            if opened.status != 404 and self._choice.random() < ADD_IF_OPENED:
                await self._ask(person, "add", film, "/movies/favorites")
                person.kept.add(film)
        if self._choice.random() < LIST_AGAIN:
            await self._ask(person, "list", None, "/movies/favorites")


def found(answer: Answer, wanted: int) -> int | None:
    """The film that was wanted, else the first that was found."""
    items: list[dict[str, Any]] = answer.json()["items"] if answer.status == 200 else []
    films = [int(item["kinopoisk_id"]) for item in items]
    return wanted if wanted in films else next(iter(films), None)
