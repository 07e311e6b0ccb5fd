"""Documents: exactly the shape that clients are promised, nulls explicit, in the promised order."""

import json
from typing import Any

import pytest

from api import shapes
from shared.enrichment.documents import film_document
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film, FoundPage, Listed
from tests.upstream.bodies import FOUND, MATRIX, film_json

FRESHNESS = {"fetched_at": None, "next_refresh_at": None, "stale": False, "last_error": None}
KEYS = [name for name in shapes.Film.model_fields if name != "freshness"]

FULL = {
    "kinopoisk_id": 301,
    "imdb_id": "tt0133093",
    "detail": "full",
    "type": "FILM",
    "name_ru": "Матрица",
    "name_en": None,
    "name_original": "The Matrix",
    "year": 1999,
    "length_minutes": 136,
    "ratings": {"kinopoisk": {"value": 8.5, "votes": 524108}, "imdb": {"value": 8.7, "votes": 1729087}},
    "genres": [
        {"id": 6, "slug": "sci-fi", "name_ru": "фантастика", "name_en": "sci-fi"},
        {"id": 11, "slug": "action", "name_ru": "боевик", "name_en": "action"},
    ],
    "countries": ["США", "Австралия"],
    "age_limit": 16,
    "slogan": "Добро пожаловать в реальный мир",
    "short_description": "Хакер Нео узнаёт правду",
    "description": "Жизнь Томаса Андерсона разделена на две части.\nДнём он программист.",
    "poster_url": MATRIX["posterUrl"],
    "poster_preview_url": MATRIX["posterUrlPreview"],
    "web_url": "https://www.kinopoisk.ru/film/301/",
}
SUMMARY = {
    "kinopoisk_id": 42664,
    "imdb_id": None,
    "detail": "summary",
    "type": "FILM",
    "name_ru": "Иван Васильевич меняет профессию",
    "name_en": None,
    "name_original": None,
    "year": 1973,
    "length_minutes": 88,
    "ratings": {"kinopoisk": {"value": 8.8, "votes": 1163941}, "imdb": {"value": None, "votes": None}},
    "genres": [{"id": 13, "slug": "comedy", "name_ru": "комедия", "name_en": "comedy"}],
    "countries": ["СССР"],
    "age_limit": None,
    "slogan": None,
    "short_description": None,
    "description": None,
    "poster_url": FOUND["posterUrl"],
    "poster_preview_url": FOUND["posterUrlPreview"],
    "web_url": "https://www.kinopoisk.ru/film/42664/",
}
BARE_FILM = json.dumps({"kinopoiskId": 5})
BARE_ITEM = json.dumps({"filmId": 5})


def listed(body: str) -> Listed:
    return parse(FoundPage, f'{{"films": [{body}]}}').films[0]


def full(body: str) -> dict[str, Any]:
    return dict(json.loads(film_document(parse(Film, body), "full")))


def summary(body: str) -> dict[str, Any]:
    return dict(json.loads(film_document(listed(body).film, "summary")))


def test_a_full_document_holds_all_that_upstream_said() -> None:
    assert full(film_json()) == FULL


def test_a_summary_document_has_nulls_where_a_list_knows_nothing() -> None:
    assert summary(json.dumps(FOUND)) == SUMMARY


@pytest.mark.parametrize(
    "document", [full(film_json()), full(BARE_FILM), summary(json.dumps(FOUND)), summary(BARE_ITEM)]
)
def test_every_document_has_the_same_keys_in_the_same_order(document: dict[str, Any]) -> None:
    assert list(document) == KEYS


@pytest.mark.parametrize(
    "document", [full(film_json()), full(BARE_FILM), summary(json.dumps(FOUND)), summary(BARE_ITEM)]
)
def test_every_document_with_its_freshness_is_a_film_as_documented(document: dict[str, Any]) -> None:
    shapes.Film.model_validate_json(json.dumps({**document, "freshness": FRESHNESS}), strict=True)


def test_a_film_of_which_nothing_is_known_has_nulls_and_empty_lists() -> None:
    known = {key: value for key, value in full(BARE_FILM).items() if value is not None}
    assert known == {
        "kinopoisk_id": 5,
        "detail": "full",
        "ratings": {"kinopoisk": {"value": None, "votes": None}, "imdb": {"value": None, "votes": None}},
        "genres": [],
        "countries": [],
        "web_url": "https://www.kinopoisk.ru/film/5/",
    }


def test_an_unknown_genre_is_kept_without_id_and_english_name() -> None:
    document = full(film_json(genres=[{"genre": "Кибер  панк"}]))
    assert document["genres"] == [{"id": None, "slug": "кибер-панк", "name_ru": "Кибер панк", "name_en": None}]


def test_genres_and_countries_without_a_name_are_left_out() -> None:
    document = full(film_json(genres=[{"genre": ""}, {}, {"genre": None}], countries=[{"country": ""}, {}]))
    assert (document["genres"], document["countries"]) == ([], [])


def test_a_document_holds_no_line_break_and_ends_with_its_brace() -> None:
    """Freshness and marks are spliced in as text at its end."""
    text = film_document(parse(Film, film_json(description='a\n\u2028b\\"}')), "full")
    assert text.startswith("{")
    assert text.endswith("}")
    assert "\n" not in text
