"""As many stored films as one likes: the real ones of the sandbox, then generated ones with plausible names.

A generated name has the length of a real name and its words: short words as they are, of the long ones about half
put together from the beginning of one and the end of another, because 100,000 films have more words than 1,607.
No generated name is one of a real film. Most generated films have fewer votes than most real ones.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

import asyncpg
import orjson

from dev.sandbox.films import load_films
from shared.search_names import normalise, search_names

FIRST_GENERATED_ID = 100_000_000
SHORT_WORD = 3
# Powers of ten: fewest, most, commonest. About 7 % of all films have 10,000 votes, as at Kinopoisk.
VOTES_POWER = (0.0, 5.0, 1.5)
WITHOUT_VOTES = 0.05
WITHOUT_ORIGINAL = 0.4
# With it a document is about as long as one with a description from Kinopoisk.
DESCRIPTIONS, DESCRIPTION_WORDS = 100, 90


class Stored(NamedTuple):
    """A row of `film`."""

    kinopoisk_id: int
    document: str
    names: str
    year: int | None
    votes: int | None


def many_films(count: int, seed: int = 1) -> Iterator[Stored]:
    return islice(_all_films(Random(seed)), count)


async def store(url: str, films: Iterator[Stored]) -> int:
    """Put them into an empty `film`, and let PostgreSQL see what it got."""
    connection = await asyncpg.connect(url)
    try:
        answer = await connection.copy_records_to_table("film", records=films, columns=Stored._fields)
        await connection.execute("VACUUM ANALYZE film")
    finally:
        await connection.close()
    return int(answer.removeprefix("COPY "))


def _all_films(random: Random) -> Iterator[Stored]:
    real = load_films().values()
    russian = _Language([film.name_ru for film in real if film.name_ru], random)
    latin = _Language([film.name_original for film in real if film.name_original], random)
    descriptions = [russian.text(DESCRIPTION_WORDS) for _ in range(DESCRIPTIONS)]
    for film in real:
        names = film.name_ru, None, film.name_original
        yield _stored(film.id, names, film.year, film.votes, random.choice(descriptions))
    film_id = FIRST_GENERATED_ID
    while True:
        film_id += 1
        original = None if random.random() < WITHOUT_ORIGINAL else latin.name()
        votes = None if random.random() < WITHOUT_VOTES else int(10 ** random.triangular(*VOTES_POWER))
        year = random.randint(1920, 2026)
        yield _stored(film_id, (russian.name(), None, original), year, votes, random.choice(descriptions))


def _stored(film_id: int, names: tuple[str | None, ...], year: int | None, votes: int | None, text: str) -> Stored:
    ru, en, original = names
    document = {"kinopoisk_id": film_id, "name_ru": ru, "name_en": en, "name_original": original, "description": text}
    return Stored(film_id, orjson.dumps(document).decode(), search_names(ru, en, original), year, votes)


class _Language:
    """Makes names like these."""

    def __init__(self, names: list[str], random: Random) -> None:
        self._names = {normalise(name) for name in names}
        self._lengths = [len(name.split()) for name in names]
        self._words = [word for name in names for word in name.split()]
        self._long = [word for word in self._words if word.isalpha() and len(word) > SHORT_WORD]
        self._random = random

    def name(self) -> str:
        while True:
            name = self.text(self._random.choice(self._lengths)).capitalize()
            if normalise(name) not in self._names and len(name) > SHORT_WORD:
                return name

    def text(self, words: int) -> str:
        return " ".join(self._word() for _ in range(words))

    def _word(self) -> str:
        word = self._random.choice(self._words)
        if len(word) <= SHORT_WORD or self._random.random() < 0.5:
            return word
        beginning, end = self._random.choice(self._long), self._random.choice(self._long)
        return (beginning[: (len(beginning) + 1) // 2] + end[len(end) // 2 :]).lower()
