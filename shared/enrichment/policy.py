"""When a film is due again: refresh by age and kind, back-off after faults. Intervals are settings."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.kinopoisk.models import Film

SERIES = {"TV_SERIES", "MINI_SERIES", "TV_SHOW"}
# Films of the last years: still gathering votes.
RECENT_YEARS = 3
# A dead id is asked for ever more rarely, up to so many times the first interval.
MOST_MISSES = 4


@dataclass(frozen=True)
class Policy:
    """Intervals in seconds or days, as the settings give them."""

    lease_seconds: float
    max_attempts: int
    retry_base_seconds: float
    retry_cap_seconds: float
    give_up_seconds: float
    refresh_new_days: float
    refresh_recent_days: float
    refresh_old_days: float
    not_found_days: float
    collections_days: float
    relations_days: float
    day_seconds: float

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def day(self) -> timedelta:
        """A day of the upstream's quota, which tests and benches make shorter; all days here are of its length."""
        return timedelta(seconds=self.day_seconds)

    def refresh_days(self, film: Film) -> float:
        """Ratings of this year's and unreleased films move; those of old ones hardly do; a series may go on."""
        this_year = datetime.now(UTC).year
        if film.year is None or film.year >= this_year:
            return self.refresh_new_days
        running = film.type in SERIES and not film.completed
        return self.refresh_recent_days if running or film.year >= this_year - RECENT_YEARS else self.refresh_old_days

    def retry_in(self, attempts: int) -> timedelta:
        """Exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015)."""
        ceiling = min(self.retry_cap_seconds, self.retry_base_seconds * 2 ** max(attempts - 1, 0))
        return timedelta(seconds=random.uniform(ceiling / 10, ceiling))

    def ask_again_in(self) -> timedelta:
        """A film that upstream does not know: it may appear one day."""
        return spread(self.not_found_days * self.day)

    def give_up_for(self) -> timedelta:
        return spread(timedelta(seconds=self.give_up_seconds))


def spread(interval: timedelta) -> timedelta:
    """Give or take a fifth, so that films added together do not fall due together for ever."""
    return interval * random.uniform(0.8, 1.2)
