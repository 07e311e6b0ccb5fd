"""Recommendations and the genres that can be asked for."""

from datetime import datetime
from typing import Literal

from api.shapes.base import Shape
from api.shapes.films import Film, Genre

Strategy = Literal["personal", "genre", "popular"]


class KnownGenre(Genre):
    """`films` may be recommended."""

    id: int
    name_en: str
    films: int


class LikedFilm(Shape):
    """A favourite that speaks for the film."""

    kinopoisk_id: int
    name_ru: str | None


class Reason(Shape):
    """`text` is in the language of Content-Language; branch on `code`."""

    code: Literal["because-you-liked", "similar-on-kinopoisk", "same-kind", "popular-in-genre", "popular"]
    because: LikedFilm | None
    text: str


class Recommendation(Shape):
    film: Film
    score: float
    strategy: Strategy
    reason: Reason


class Recommendations(Shape):
    strategy: Strategy
    genre: str | None
    generated_at: datetime
    items: list[Recommendation]
