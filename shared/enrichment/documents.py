"""A film as clients get it: the JSON document made from what Kinopoisk said, without its freshness."""

from typing import Any

import orjson

from shared.genres import genre_named
from shared.kinopoisk.models import AnyFilm, Film, FoundFilm


def full_document(film: Film) -> str:
    """The document of GET /api/v2.2/films/{id}, as JSON text."""
    ratings = {
        "kinopoisk": {"value": film.rating_kinopoisk, "votes": film.rating_kinopoisk_vote_count},
        "imdb": {"value": film.rating_imdb, "votes": film.rating_imdb_vote_count},
    }
    texts = {
        "age_limit": film.rating_age_limits,
        "slogan": film.slogan,
        "short_description": film.short_description,
        "description": film.description,
    }
    return _json(_document(film, "full", film.imdb_id, ratings, texts))


def summary_document(film: FoundFilm) -> str:
    """The document of a search's item: the same keys, with nulls where a list knows nothing."""
    ratings = {
        "kinopoisk": {"value": film.rating, "votes": film.rating_vote_count},
        "imdb": {"value": None, "votes": None},
    }
    texts = dict.fromkeys(("age_limit", "slogan", "short_description", "description"))
    return _json(_document(film, "summary", None, ratings, texts))


def _document(
    film: AnyFilm, detail: str, imdb_id: str | None, ratings: dict[str, Any], texts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "kinopoisk_id": film.kinopoisk_id,
        "imdb_id": imdb_id,
        "detail": detail,
        "type": film.type,
        "name_ru": film.name_ru,
        "name_en": film.name_en,
        "name_original": film.name_original,
        "year": film.year,
        "length_minutes": film.film_length,
        "ratings": ratings,
        "genres": [genre_named(item.genre)._asdict() for item in film.genres if item.genre],
        "countries": [item.country for item in film.countries if item.country],
        **texts,
        "poster_url": film.poster_url,
        "poster_preview_url": film.poster_url_preview,
        "web_url": f"https://www.kinopoisk.ru/film/{film.kinopoisk_id}/",
    }


def _json(document: dict[str, Any]) -> str:
    return orjson.dumps(document).decode()
