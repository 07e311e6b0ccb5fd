"""Facts of films: loaded once for the process, changed by each sandbox for itself. Knows no JSON shapes of the API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

FACTS = Path(__file__).parent / "facts"


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed by identity
class Film:
    id: int
    imdb_id: str | None = None
    name_ru: str | None = None
    name_original: str | None = None
    type: str = "FILM"
    year: int | None = None
    length_minutes: int | None = None
    rating: float | None = None
    votes: int = 0
    rating_imdb: float | None = None
    votes_imdb: int = 0
    age_limit: str | None = None
    genres: Sequence[str] = ()
    countries: Sequence[str] = ()
    override: Mapping[str, Any] = field(default_factory=dict)  # keys of a v2.2 film to serve exactly so


class Catalogue:
    """The films of one sandbox."""

    def __init__(self) -> None:
        self._facts = load_films()
        self._changes: dict[int, Film | None] = {}

    def get(self, film_id: int) -> Film | None:
        if film_id in self._changes:
            return self._changes[film_id]
        return self._facts.get(film_id)

    def put(self, film: Film) -> None:
        self._changes[film.id] = film

    def remove(self, film_id: int) -> None:
        self._changes[film_id] = None

    def restore(self) -> None:
        self._changes.clear()

    def __iter__(self) -> Iterator[Film]:
        for film in self._facts.values():
            if film.id not in self._changes:
                yield film
        yield from (film for film in self._changes.values() if film)


@cache
def load_films() -> Mapping[int, Film]:
    lines = (FACTS / "films.jsonl").read_bytes().splitlines()
    films = (Film(*orjson.loads(line)) for line in lines)  # the columns are in the order of the fields
    return {film.id: film for film in films}


@cache
def load_relations() -> Mapping[str, Mapping[str, list[int]]]:
    """Kind of relation → id of a film, as a string → ids of its relatives."""
    relations: dict[str, dict[str, list[int]]] = orjson.loads((FACTS / "relations.json").read_bytes())
    return relations


@cache
def load_filters() -> Mapping[str, list[dict[str, Any]]]:
    filters: dict[str, list[dict[str, Any]]] = orjson.loads((FACTS / "filters.json").read_bytes())
    return filters
