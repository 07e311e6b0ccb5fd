"""Films, alone and in the lists of a user."""

from datetime import datetime
from typing import Literal

from api.shapes.base import Shape

Status = Literal["pending", "ready", "not_found", "failed"]


class Rating(Shape):
    value: float | None
    votes: int | None


class Ratings(Shape):
    kinopoisk: Rating
    imdb: Rating


class Genre(Shape):
    id: int | None
    slug: str
    name_ru: str
    name_en: str | None


class Freshness(Shape):
    fetched_at: datetime | None
    next_refresh_at: datetime | None
    stale: bool
    last_error: str | None


class Film(Shape):
    kinopoisk_id: int
    imdb_id: str | None
    detail: Literal["full", "summary"]
    type: str | None
    name_ru: str | None
    name_en: str | None
    name_original: str | None
    year: int | None
    length_minutes: int | None
    ratings: Ratings
    genres: list[Genre]
    countries: list[str]
    age_limit: int | None
    slogan: str | None
    short_description: str | None
    description: str | None
    poster_url: str | None
    poster_preview_url: str | None
    web_url: str
    freshness: Freshness


class FavouriteItem(Shape):
    kinopoisk_id: int
    added_at: datetime
    status: Status
    film: Film | None


class FavouritePage(Shape):
    items: list[FavouriteItem]
    next_cursor: str | None


class FoundFilm(Film):
    is_favorite: bool


class SearchPage(Shape):
    query: str
    page: int
    pages: int
    total: int
    source: Literal["kinopoisk", "cache", "local"]
    items: list[FoundFilm]


class Refresh(Shape):
    kinopoisk_id: int
    status: Status
    fetched_at: datetime | None
    last_error: str | None


class HiddenItem(Shape):
    kinopoisk_id: int
    hidden_at: datetime
    film: Film | None


class HiddenPage(Shape):
    items: list[HiddenItem]
    next_cursor: str | None
