"""All that is kept of a user."""

import uuid
from datetime import datetime

from api.shapes.accounts import Account
from api.shapes.base import Shape
from api.shapes.recommendations import Strategy


class ExportedSession(Shape):
    id: uuid.UUID
    created_at: datetime
    last_seen: datetime
    expires_at: datetime


class ExportedFavourite(Shape):
    kinopoisk_id: int
    added_at: datetime


class ExportedHiddenFilm(Shape):
    kinopoisk_id: int
    hidden_at: datetime


class AwaitedFilm(Shape):
    """A film that is fetched for the user, and by which request it was asked for."""

    kinopoisk_id: int
    requested_at: datetime | None
    request_id: str | None


class AskedRefresh(Shape):
    kinopoisk_id: int
    refresh_asked_at: datetime | None


class AskedCall(Shape):
    """A question to Kinopoisk that the user waited for; `kinopoisk_id` is null for a search."""

    at: datetime
    kind: str
    kinopoisk_id: int | None
    ended_at: datetime | None
    outcome: str | None


class ShownRecommendation(Shape):
    """A film that was recommended within the last day; `rank` is its place in the list."""

    kinopoisk_id: int
    shown_at: datetime
    strategy: Strategy
    rank: int


class Export(Shape):
    """`shown_recommendations` is null where that, which is kept for a day only, cannot be told at the moment."""

    exported_at: datetime
    account: Account
    shown_recommendations: list[ShownRecommendation] | None
    sessions: list[ExportedSession]
    favorites: list[ExportedFavourite]
    hidden_films: list[ExportedHiddenFilm]
    awaited_films: list[AwaitedFilm]
    asked_refreshes: list[AskedRefresh]
    upstream_calls: list[AskedCall]
