"""When a film is due again: refresh by age, back-off after faults. Intervals are settings."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Policy:
    """Intervals in seconds, as the settings give them."""

    lease_seconds: float
    max_attempts: int
    retry_base_seconds: float
    retry_cap_seconds: float
    give_up_seconds: float
    refresh_recent_days: float
    refresh_old_days: float
    not_found_days: float

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    def refresh_in(self, year: int | None) -> timedelta:
        """Ratings of this year's and unreleased films move; those of old ones hardly do."""
        recent = year is None or year >= datetime.now(UTC).year
        return _spread(timedelta(days=self.refresh_recent_days if recent else self.refresh_old_days))

    def retry_in(self, attempts: int) -> timedelta:
        """Exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015)."""
        ceiling = min(self.retry_cap_seconds, self.retry_base_seconds * 2 ** max(attempts - 1, 0))
        return timedelta(seconds=random.uniform(ceiling / 10, ceiling))

    def ask_again_in(self) -> timedelta:
        """A film that upstream does not know: it may appear one day."""
        return _spread(timedelta(days=self.not_found_days))

    def give_up_for(self) -> timedelta:
        return _spread(timedelta(seconds=self.give_up_seconds))


def _spread(interval: timedelta) -> timedelta:
    """Give or take a fifth, so that films added together do not fall due together for ever."""
    return interval * random.uniform(0.8, 1.2)
