"""Films of a CSV file as rows of the product's tables, and the numbers that stand for their ids."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bench.offline.csv_files import BadFile, Title
from shared.enrichment.projection import film_row
from shared.genres import GENRES
from shared.kinopoisk.models import Film

# A film without genres is known too little to be recommended; in a file that has none all are.
UNNAMED, FIRST_OWN, LAST_OWN = 100, 101, 2**15 - 1
KNOWN = {name.casefold(): genre for genre in GENRES for name in (genre.name_ru, genre.name_en or "", genre.slug)}


def numbered(films: set[str]) -> list[str]:
    """The film of number i + 1 is at place i. Ids that are numbers come by size, because equal films come by number."""
    return sorted(films, key=lambda film: (len(film), film))


def genre_ids(titles: Mapping[str, Title]) -> dict[str, int]:
    """Kinopoisk's for those it has, for all others ids of their own. Raises BadFile."""
    names = sorted({genre for title in titles.values() for genre in title.genres})
    own = [name for name in names if name.casefold() not in KNOWN]
    if len(own) > LAST_OWN - FIRST_OWN:
        raise BadFile(f"There are {len(own)} genres, more than {LAST_OWN - FIRST_OWN}.")
    known = {name: KNOWN[name.casefold()].id or UNNAMED for name in names if name.casefold() in KNOWN}
    return known | {name: id_ for id_, name in enumerate(own, FIRST_OWN)}


def film_rows(films: list[str], titles: Mapping[str, Title]) -> Iterator[dict[str, Any]]:
    """Rows of `film`, of which `films` are the names."""
    ids, now = genre_ids(titles), datetime.now(UTC)
    for number, film in enumerate(films, 1):
        known = titles.get(film, Title(film, "", []))
        genres = list(dict.fromkeys(ids[genre] for genre in known.genres)) or [UNNAMED]
        yield film_row(_as_told(number, known), "full") | {"genres": genres, "fetched_at": now}


def _as_told(number: int, title: Title) -> Film:
    """As Kinopoisk would tell of it."""
    genres = [{"genre": KNOWN[name.casefold()].name_ru if name.casefold() in KNOWN else name} for name in title.genres]
    told = {"kinopoiskId": number, "nameOriginal": title.title, "year": title.year, "type": "FILM", "genres": genres}
    return Film.model_validate(told)
