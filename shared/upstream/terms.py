"""The terms on which Kinopoisk is asked: who may use how much of the day, how long refusals last. All are settings."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a call is for, the most urgent first."""

    INTERACTIVE = "interactive"
    NEW = "new"
    REFRESH = "refresh"
    CATALOGUE = "catalogue"


UNLIMITED = -1


@dataclass(frozen=True)
class Terms:
    """Seconds, calls, and shares of the day's calls up to which each kind may go."""

    daily_limit: int
    day_seconds: float
    ceilings: dict[Kind, float]
    calls_at_once: int
    call_seconds: float
    calls_per_user_hour: int
    reconcile_seconds: float
    pauses: dict[str, tuple[float, float]]

    @property
    def window(self) -> timedelta:
        """What was called within it counts while the hour of upstream's reset is unknown: a day and a bit."""
        return timedelta(seconds=self.day_seconds + max(self.day_seconds / 24, self.call_seconds))

    @property
    def report_lasts(self) -> timedelta:
        """After so long without another, what upstream said of the key counts no more."""
        return timedelta(seconds=4 * self.reconcile_seconds + self.call_seconds)

    @property
    def hour(self) -> timedelta:
        return timedelta(seconds=self.day_seconds / 24)

    @property
    def call_lasts(self) -> timedelta:
        """A call that began longer ago is over, whether or not anybody lived to say so."""
        return timedelta(seconds=self.call_seconds)

    def ceiling(self, kind: Kind, daily_limit: int) -> int | None:
        """How many calls of the day there may be when this kind calls; None where the plan has no limit."""
        return None if daily_limit == UNLIMITED else int(daily_limit * self.ceilings[kind])
