"""A film as clients get it: the JSON document made from what Kinopoisk said, without its freshness."""

from typing import Literal

import orjson

from shared.genres import genre_named
from shared.kinopoisk.models import Film

Detail = Literal["full", "summary"]


def film_document(film: Film, detail: Detail) -> str:
    """As JSON text. A summary has the same keys, with nulls where a list knows nothing."""
    document = {
        "kinopoisk_id": film.kinopoisk_id,
        "imdb_id": film.imdb_id,
        "detail": detail,
        "type": film.type,
        "name_ru": film.name_ru,
        "name_en": film.name_en,
        "name_original": film.name_original,
        "year": film.year,
        "length_minutes": film.film_length,
        "ratings": {
            "kinopoisk": {"value": film.rating_kinopoisk, "votes": film.rating_kinopoisk_vote_count},
            "imdb": {"value": film.rating_imdb, "votes": film.rating_imdb_vote_count},
        },
        "genres": [genre_named(item.genre)._asdict() for item in film.genres if item.genre],
        "countries": [item.country for item in film.countries if item.country],
        "age_limit": film.rating_age_limits,
        "slogan": film.slogan,
        "short_description": film.short_description,
        "description": film.description,
        "poster_url": film.poster_url,
        "poster_preview_url": film.poster_url_preview,
        "web_url": f"https://www.kinopoisk.ru/film/{film.kinopoisk_id}/",
    }
    return orjson.dumps(document).decode()
