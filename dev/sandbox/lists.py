"""The lists of films: by filters, and the collections."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dev.sandbox.films import Film

SERIES = frozenset({"TV_SERIES", "MINI_SERIES"})
ORDERS: Mapping[str, Callable[[Film], float]] = {
    "RATING": lambda film: film.rating or 0,
    "NUM_VOTE": lambda film: film.votes,
    "YEAR": lambda film: film.year or 0,
}
FILTERED_MOST = 100  # the real API stops here, whatever the number of matches
COLLECTION_MOST = 1_000
TOP_MOST = 250
TOP_VOTES = 50_000  # fewer votes tell little about a film


@dataclass(frozen=True, slots=True)
class Filters:
    genre: str | None
    country: str | None
    type: str
    rating: tuple[float, float]
    year: tuple[int, int]
    imdb_id: str | None

    def match(self, film: Film) -> bool:
        return (
            (self.genre is None or self.genre in film.genres)
            and (self.country is None or self.country in film.countries)
            and self.type in ("ALL", film.type)
            and self.rating[0] <= (film.rating or 0) <= self.rating[1]
            and self.year[0] <= (film.year or self.year[0]) <= self.year[1]
            and self.imdb_id in (None, film.imdb_id)
        )


def filtered(films: Iterable[Film], filters: Filters, order: str) -> list[Film]:
    return sorted(filter(filters.match, films), key=ORDERS[order], reverse=True)[:FILTERED_MOST]


def collection(films: Iterable[Film], name: str) -> list[Film]:
    chosen = filter(COLLECTIONS[name], films)
    if name.startswith("TOP_250"):
        return sorted(chosen, key=lambda film: (film.rating or 0, film.votes), reverse=True)[:TOP_MOST]
    return sorted(chosen, key=lambda film: film.votes, reverse=True)[:COLLECTION_MOST]


def _none(_: Film) -> bool:
    """No fact at hand tells which films are in this collection."""
    return False


COLLECTIONS: Mapping[str, Callable[[Film], bool]] = {
    "TOP_POPULAR_ALL": lambda _: True,
    "TOP_POPULAR_MOVIES": lambda film: film.type == "FILM",
    "TOP_250_TV_SHOWS": lambda film: film.type in SERIES,
    "TOP_250_MOVIES": lambda film: film.type == "FILM" and film.votes >= TOP_VOTES,
    "VAMPIRE_THEME": _none,
    "COMICS_THEME": _none,
    "CLOSES_RELEASES": lambda film: film.rating is None,
    "FAMILY": lambda film: "семейный" in film.genres,
    "OSKAR_WINNERS_2021": _none,
    "LOVE_THEME": lambda film: "мелодрама" in film.genres,
    "ZOMBIE_THEME": _none,
    "CATASTROPHE_THEME": _none,
    "KIDS_ANIMATION_THEME": lambda film: "мультфильм" in film.genres and film.age_limit in ("age0", "age6"),
    "POPULAR_SERIES": lambda film: film.type in SERIES,
}
