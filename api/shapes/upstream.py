"""How the service stands with Kinopoisk."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from api.shapes.base import Shape


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
