"""The shapes of answers, for /docs and for the tests that hold real answers against them. Never used to render."""

from api.shapes.accounts import Account, FavouriteCounts, Profile, Session, Sessions, Token
from api.shapes.base import Problem, Shape
from api.shapes.export import Export
from api.shapes.films import (
    FavouriteItem,
    FavouritePage,
    Film,
    FoundFilm,
    Freshness,
    Genre,
    HiddenItem,
    HiddenPage,
    Rating,
    Ratings,
    Refresh,
    SearchPage,
    Status,
)
from api.shapes.health import Health, Readiness
from api.shapes.recommendations import KnownGenre, LikedFilm, Reason, Recommendation, Recommendations, Strategy
from api.shapes.upstream import (
    Backlog,
    BudgetOfClass,
    RefreshForecast,
    UpstreamBreaker,
    UpstreamBudget,
    UpstreamGate,
    UpstreamStatus,
)

__all__ = [
    "Account",
    "Backlog",
    "BudgetOfClass",
    "Export",
    "FavouriteCounts",
    "FavouriteItem",
    "FavouritePage",
    "Film",
    "FoundFilm",
    "Freshness",
    "Genre",
    "Health",
    "HiddenItem",
    "HiddenPage",
    "KnownGenre",
    "LikedFilm",
    "Problem",
    "Profile",
    "Rating",
    "Ratings",
    "Readiness",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Refresh",
    "RefreshForecast",
    "SearchPage",
    "Session",
    "Sessions",
    "Shape",
    "Status",
    "Strategy",
    "Token",
    "UpstreamBreaker",
    "UpstreamBudget",
    "UpstreamGate",
    "UpstreamStatus",
]
