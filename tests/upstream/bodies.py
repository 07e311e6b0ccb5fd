"""Answers of Kinopoisk as they were recorded, and a client with short bounds."""

import json
from typing import Any

from shared.kinopoisk.client import Bounds, KinopoiskClient

BASE_URL = "http://kinopoisk.test"
FILM_PATH = "/api/v2.2/films/301"
SEARCH_PATH = "/api/v2.1/films/search-by-keyword"
KEY = "canary-key-5d9b3ef0"
BOUNDS = Bounds(connect_timeout=1, read_timeout=1, deadline=5, max_body_bytes=65_536, max_connections=4)

MATRIX: dict[str, Any] = {
    "kinopoiskId": 301,
    "imdbId": "tt0133093",
    "nameRu": "Матрица",
    "nameEn": None,
    "nameOriginal": "The Matrix",
    "posterUrl": "https://kinopoiskapiunofficial.tech/images/posters/kp/301.jpg",
    "posterUrlPreview": "https://kinopoiskapiunofficial.tech/images/posters/kp_small/301.jpg",
    "ratingKinopoisk": 8.5,
    "ratingKinopoiskVoteCount": 524108,
    "ratingImdb": 8.7,
    "ratingImdbVoteCount": 1729087,
    "webUrl": "https://www.kinopoisk.ru/film/301/",
    "year": 1999,
    "filmLength": 136,
    "slogan": "Добро пожаловать в реальный мир",
    "description": "Жизнь Томаса Андерсона\u00a0разделена на две части.\n\nДнём он программист.",
    "shortDescription": "Хакер Нео узнаёт правду",
    "type": "FILM",
    "ratingAgeLimits": "age16",
    "countries": [{"country": "США"}, {"country": "Австралия"}],
    "genres": [{"genre": "фантастика"}, {"genre": "боевик"}],
    "lastSync": "2025-03-25T23:22:09.182381",
}

FOUND: dict[str, Any] = {
    "filmId": 42664,
    "nameRu": "Иван Васильевич меняет профессию",
    "type": "FILM",
    "year": "1973",
    "description": "СССР, Леонид Гайдай(комедия)",
    "filmLength": "01:28",
    "countries": [{"country": "СССР"}],
    "genres": [{"genre": "комедия"}],
    "rating": "8.8",
    "ratingVoteCount": 1163941,
    "posterUrl": "https://kinopoiskapiunofficial.tech/images/posters/kp/42664.jpg",
    "posterUrlPreview": "https://kinopoiskapiunofficial.tech/images/posters/kp_small/42664.jpg",
}


def shown(value: Any) -> str:
    """A parameter in a test's name, "8" told from 8."""
    return ascii(value)[:40]


def film_json(**changes: Any) -> str:
    """The film 301 with some keys changed."""
    return json.dumps({**MATRIX, **changes}, ensure_ascii=False)


def page_json(*items: Any, total: Any = None) -> str:
    """A page of a search as v2.1 sends it: its page count is 0 for a single hit."""
    return json.dumps(
        {
            "keyword": "иван",
            "pagesCount": len(items) // 20,
            "films": list(items),
            "searchFilmsCountResult": len(items) if total is None else total,
        },
        ensure_ascii=False,
    )


def client_of(base_url: str = BASE_URL, key: str = KEY, **bounds: float) -> KinopoiskClient:
    return KinopoiskClient(base_url, key, Bounds(**{**vars(BOUNDS), **bounds}))
