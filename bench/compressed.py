"""A day of the quota, made short: what settings give in seconds shrinks with it, rates stay those of real seconds."""

import math
from dataclasses import dataclass

from bench.figures import Figure

REAL_DAY = 86_400
# Each setting with its default in seconds, and the least that still means something beside calls of some milliseconds.
PAUSES = {
    "BUDGET__RECONCILE_SECONDS": (900, 1.0),
    "ENRICHMENT__QUOTA_PAUSE_SECONDS": (900, 1.0),
    "ENRICHMENT__QUOTA_PAUSE_CAP_SECONDS": (3_600, 2.0),
    "ENRICHMENT__REFUSED_PAUSE_SECONDS": (300, 1.0),
    "ENRICHMENT__REFUSED_PAUSE_CAP_SECONDS": (900, 2.0),
    "ENRICHMENT__TOO_FAST_PAUSE_CAP_SECONDS": (60, 4.0),
    "ENRICHMENT__BROKEN_PAUSE_SECONDS": (30, 1.0),
    "ENRICHMENT__BROKEN_PAUSE_CAP_SECONDS": (600, 4.0),
    "ENRICHMENT__VIEWS_SECONDS": (10, 1.0),
    "SEARCH__FRESH_SECONDS": (86_400, 0.0),
    "SEARCH__KEPT_SECONDS": (2_592_000, 0.0),
}
WHOLE_PAUSES = {
    "ENRICHMENT__RETRY_BASE_SECONDS": (30, 1),
    "ENRICHMENT__RETRY_CAP_SECONDS": (3_600, 5),
    "ENRICHMENT__GIVE_UP_SECONDS": (86_400, 1),
}


@dataclass(frozen=True)
class Day:
    """So many real seconds stand for a day; so many calls may be made in it; a call may last so long."""

    seconds: int
    quota: int
    call_seconds: int = 3

    @property
    def environment(self) -> dict[str, str]:
        factor = self.seconds / REAL_DAY
        settings: dict[str, float] = {
            "BUDGET__DAILY_LIMIT": self.quota,
            "BUDGET__DAY_SECONDS": self.seconds,
            "KINOPOISK__DEADLINE_SECONDS": self.call_seconds,
            "KINOPOISK__READ_TIMEOUT_SECONDS": self.call_seconds - 0.5,
            "ENRICHMENT__LEASE_SECONDS": self.call_seconds + 2,
            "ENRICHMENT__SWEEP_SECONDS": 1,
        }
        settings |= {name: max(real * factor, least) for name, (real, least) in PAUSES.items()}
        settings |= {name: max(math.ceil(real * factor), least) for name, (real, least) in WHOLE_PAUSES.items()}
        return {f"KINOSHELF__{name}": f"{value:g}" for name, value in settings.items()}

    @property
    def sandbox(self) -> tuple[str, ...]:
        return "--quota", str(self.quota), "--window-seconds", str(self.seconds)

    @property
    def figure(self) -> Figure:
        """The scale, which every row that uses it prints."""
        said = f"{self.seconds} s for a day (1 : {REAL_DAY / self.seconds:.0f}), an hour is {self.seconds / 24:.2g} s"
        return Figure("scale", f"{said}; rates in real seconds; {self.quota} calls a day")
