"""The JSON shapes of films: v2.1 leaves nulls out, v2.2 writes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any

from dev.sandbox import quirks
from dev.sandbox.checks import NUMBER, Types, checked
from dev.sandbox.films import Film
from dev.sandbox.lists import SERIES

_POSTERS = "https://kinopoiskapiunofficial.tech/images/posters"
_FIRST_SYNC = datetime(2025, 1, 1, tzinfo=UTC)

# key of a v2.2 film → field of Film, types
_FACTS: Mapping[str, tuple[str, Types]] = {
    "imdbId": ("imdb_id", (str, NoneType)),
    "nameRu": ("name_ru", (str, NoneType)),
    "nameOriginal": ("name_original", (str, NoneType)),
    "type": ("type", (str,)),
    "year": ("year", (int, NoneType)),
    "filmLength": ("length_minutes", (int, NoneType)),
    "ratingKinopoisk": ("rating", (*NUMBER, NoneType)),
    "ratingKinopoiskVoteCount": ("votes", (int,)),
    "ratingImdb": ("rating_imdb", (*NUMBER, NoneType)),
    "ratingImdbVoteCount": ("votes_imdb", (int,)),
    "ratingAgeLimits": ("age_limit", (str, NoneType)),
    "genres": ("genres", (list,)),
    "countries": ("countries", (list,)),
}
_RELATED_KEYS = ("nameRu", "nameEn", "nameOriginal", "posterUrl", "posterUrlPreview")
FILTERED_KEYS = (
    *("kinopoiskId", "imdbId", "nameRu", "nameEn", "nameOriginal", "countries", "genres", "ratingKinopoisk"),
    *("ratingImdb", "year", "type", "posterUrl", "posterUrlPreview"),
)
COLLECTION_KEYS = (*FILTERED_KEYS, "coverUrl", "logoUrl", "description", "ratingAgeLimits")


def film_document(film: Film) -> dict[str, Any]:
    """GET /api/v2.2/films/{id}: 45 keys."""
    return {
        "kinopoiskId": film.id,
        "kinopoiskHDId": None,
        "imdbId": film.imdb_id,
        "nameRu": quirks.name_ru(film),
        "nameEn": None,
        "nameOriginal": film.name_original,
        **_posters(film),
        **dict.fromkeys(("coverUrl", "logoUrl")),
        **_ratings(film),
        "webUrl": f"https://www.kinopoisk.ru/film/{film.id}/",
        "year": film.year,
        "filmLength": film.length_minutes,
        **dict.fromkeys(("slogan", "description", "shortDescription", "editorAnnotation")),
        **dict.fromkeys(("productionStatus", "ratingMpaa")),
        "isTicketsAvailable": False,
        "type": film.type,
        "ratingAgeLimits": film.age_limit,
        "countries": [{"country": country} for country in film.countries],
        "genres": [{"genre": genre} for genre in film.genres],
        **_format(film),
        "lastSync": _last_sync(film),
        **film.override,
    }


def search_item(film: Film) -> dict[str, Any]:
    """An item of GET /api/v2.1/films/search-by-keyword."""
    item = {
        "filmId": film.id,
        "nameRu": quirks.name_ru(film),
        "nameEn": quirks.search_name_en(film),
        "type": film.type,
        "year": quirks.search_year(film),
        "filmLength": quirks.search_length(film),
        "countries": [{"country": country} for country in film.countries],
        "genres": [{"genre": genre} for genre in film.genres],
        "rating": quirks.search_rating(film),
        "ratingVoteCount": film.votes,
        **_posters(film),
    }
    return {key: value for key, value in item.items() if value is not None}


def list_item(film: Film, keys: tuple[str, ...]) -> dict[str, Any]:
    document = film_document(film)
    return {key: document[key] for key in keys}


def related_item(film: Film, relation: str) -> dict[str, Any]:
    return {"filmId": film.id, **list_item(film, _RELATED_KEYS), "relationType": relation}


def film_from(film: Film, body: object) -> Film:
    """The film with some keys of its v2.2 document set anew; the other answers follow them."""
    anything: Types = (object, bool)
    known = {key: _FACTS[key][1] if key in _FACTS else anything for key in film_document(film)}
    changes = checked(body, known) | {"kinopoiskId": film.id}
    facts = {_FACTS[key][0]: value for key, value in changes.items() if key in _FACTS}
    for field, key in (("genres", "genre"), ("countries", "country")):
        if field in facts:
            facts[field] = [checked(entry, {key: (str,)}).get(key, "") for entry in facts[field]]
    return replace(film, **facts, override={**film.override, **changes})


def _posters(film: Film) -> dict[str, str]:
    return {"posterUrl": f"{_POSTERS}/kp/{film.id}.jpg", "posterUrlPreview": f"{_POSTERS}/kp_small/{film.id}.jpg"}


def _format(film: Film) -> dict[str, Any]:
    return {
        "startYear": film.year if film.type in SERIES else None,
        "endYear": None,
        "serial": film.type in SERIES,
        "shortFilm": "короткометражка" in film.genres,
        "completed": False,
        "hasImax": False,
        "has3D": False,
    }


def _ratings(film: Film) -> dict[str, Any]:
    """A rating nobody gave is null, its number of votes is 0."""
    return {
        "reviewsCount": 0,
        "ratingGoodReview": None,
        "ratingGoodReviewVoteCount": 0,
        "ratingKinopoisk": quirks.number(film, film.rating),
        "ratingKinopoiskVoteCount": film.votes,
        "ratingImdb": quirks.number(film, film.rating_imdb),
        "ratingImdbVoteCount": film.votes_imdb,
        "ratingFilmCritics": None,
        "ratingFilmCriticsVoteCount": 0,
        "ratingAwait": None,
        "ratingAwaitCount": 0,
        "ratingRfCritics": None,
        "ratingRfCriticsVoteCount": 0,
    }


def _last_sync(film: Film) -> str:
    """Six digits and no zone, as upstream writes it."""
    moment = _FIRST_SYNC + timedelta(minutes=film.id % 100_000, microseconds=film.id % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
