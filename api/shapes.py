"""The shapes of answers, for /docs and for the tests that hold real answers against them. Never used to render."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "ready", "not_found", "failed"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """RFC 9457; branch on `code`."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str | None


class Account(Shape):
    id: uuid.UUID
    username: str
    created_at: datetime


class Token(Shape):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class FavouriteCounts(Shape):
    total: int
    pending: int
    ready: int
    not_found: int
    failed: int


class Profile(Account):
    favorites: FavouriteCounts


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


class BudgetOfClass(Shape):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    class_: Literal["interactive", "new", "refresh", "catalogue"] = Field(alias="class")
    ceiling: int | None
    used_last_day: int
    left: int | None


class UpstreamBudget(Shape):
    """Calls of the day; null where the plan has no limit."""

    limit: int | None
    used: int
    left: int | None
    source: Literal["kinopoisk", "own-count"]
    reported_at: datetime | None
    next_reset_at: datetime | None
    under_way: int
    classes: list[BudgetOfClass]


class UpstreamGate(Shape):
    state: Literal["open", "closed", "probe-due"]
    reason: str | None
    closed_until: datetime | None
    closings: int


class UpstreamBreaker(Shape):
    """Of the last twenty calls."""

    state: Literal["closed", "open", "half-open"]
    recent_calls: int
    recent_failures: int


class Backlog(Shape):
    """Films that somebody waits for."""

    waiting: int
    due: int
    oldest_due_seconds: float


class RefreshForecast(Shape):
    films: int
    due: int
    wanted_per_day: float | None
    calls_left_per_day: float | None
    stretch: float
    full_cycle_days: float | None
    forecast_at: datetime | None


class UpstreamStatus(Shape):
    budget: UpstreamBudget
    gate: UpstreamGate
    breaker: UpstreamBreaker
    backlog: Backlog
    refresh: RefreshForecast


class Health(Shape):
    status: Literal["ok"]
