"""The intervals of the service, compressed, and how much is done to it."""

from dataclasses import dataclass

# Setting: (here, default) in seconds. Rates stay those of real seconds.
COMPRESSED = {
    "ENRICHMENT__LEASE_SECONDS": (4, 60),
    "ENRICHMENT__SWEEP_SECONDS": (1, 5),
    "ENRICHMENT__RETRY_BASE_SECONDS": (0.5, 30),
    "ENRICHMENT__RETRY_CAP_SECONDS": (2, 3600),
    "ENRICHMENT__QUOTA_PAUSE_SECONDS": (1, 900),
    "ENRICHMENT__QUOTA_PAUSE_CAP_SECONDS": (2, 3600),
    "ENRICHMENT__REFUSED_PAUSE_SECONDS": (1, 300),
    "ENRICHMENT__REFUSED_PAUSE_CAP_SECONDS": (2, 900),
    "ENRICHMENT__TOO_FAST_PAUSE_SECONDS": (0.5, 2),
    "ENRICHMENT__TOO_FAST_PAUSE_CAP_SECONDS": (2, 60),
    "ENRICHMENT__BROKEN_PAUSE_SECONDS": (1, 30),
    "ENRICHMENT__BROKEN_PAUSE_CAP_SECONDS": (2, 600),
    "KINOPOISK__READ_TIMEOUT_SECONDS": (1.5, 8),
    "KINOPOISK__DEADLINE_SECONDS": (2, 10),
    "POSTGRES__COMMAND_TIMEOUT_SECONDS": (2, 5),
    "POSTGRES__POOL_TIMEOUT_SECONDS": (2, 3),
    "BUDGET__RECONCILE_SECONDS": (2, 900),
}
LEASE_SECONDS, SWEEP_SECONDS, FETCH_SECONDS = 4, 1, 2
# After one crash a film waits for the end of the lease and the next sweep, and is fetched.
RECOVERY_SECONDS = LEASE_SECONDS + SWEEP_SECONDS + FETCH_SECONDS


def settings() -> dict[str, str]:
    return {name: str(here) for name, (here, _) in COMPRESSED.items()}


def told() -> str:
    """The scale, which every run prints."""
    names = {name: name.partition("__")[2].removesuffix("_SECONDS").lower() for name in COMPRESSED}
    return ", ".join(f"{names[name]} {here:g} s ({default:g})" for name, (here, default) in COMPRESSED.items())


@dataclass(frozen=True)
class Scale:
    """The short form runs with all other tests, the long one by hand."""

    long: bool

    def pick(self, long: float, short: float) -> float:
        return long if self.long else short
