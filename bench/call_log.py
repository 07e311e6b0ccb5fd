"""The judge: what the sandbox's own log of calls says about quota and rates."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from bench.figures import Figure, exactly

SEARCH = "/api/v2.1/films/search-by-keyword"
FILM = "/api/v2.2/films/{id}"
# Asking for the state of the key costs no quota.
KEY_STATE = "/api/v1/api_keys/{key}"
RATE, SEARCH_RATE = 20, 5


class Call(NamedTuple):
    """One line of the log."""

    at: float
    path: str
    film: int | None
    status: int


class CallLog(NamedTuple):
    """All calls, in the order in which they came."""

    calls: Sequence[Call]

    @classmethod
    def read(cls, document: dict[str, Any]) -> "CallLog":
        lines = document["log"]
        return cls(sorted(Call(line["at"], line["path"], line["film"], line["status"]) for line in lines))

    @property
    def counted(self) -> list[Call]:
        """Those that cost quota."""
        return [call for call in self.calls if call.path != KEY_STATE]

    def answered(self, status: int) -> int:
        return sum(call.status == status for call in self.calls)

    def windows(self, seconds: float) -> list[list[Call]]:
        """A window begins with the first call after the one before has ended, as the sandbox counts."""
        windows: list[list[Call]] = []
        for call in self.counted:
            if not windows or call.at - windows[-1][0].at >= seconds:
                windows.append([])
            windows[-1].append(call)
        return windows

    def most_in_a_second(self, path: str | None = None) -> int:
        return most_within(1.0, [call.at for call in self.calls if path in (None, call.path)])

    def between(self, first: float, last: float) -> list[Call]:
        return [call for call in self.counted if first <= call.at < last]


def most_within(seconds: float, moments: Sequence[float]) -> int:
    """The most of these (ascending) that lie within any stretch of this length."""
    return max((place + 1 - bisect_left(moments, at - seconds + 1e-9) for place, at in enumerate(moments)), default=0)


def verdicts(log: CallLog, quota: int, window_seconds: float) -> list[Figure]:
    """Nothing over the quota, in no window; nothing over the rates, in no second."""
    windows = log.windows(window_seconds)
    over = sum(max(len(window) - quota, 0) for window in windows)
    counts = ", ".join(str(len(window)) for window in windows)
    gaps = [late.at - early.at for early, late in pairwise(log.calls)]
    return [
        exactly(f"calls over the quota of {quota} (calls in each window: {counts})", over, 0),
        Figure("calls answered with 402, with 429", f"{log.answered(402)}, {log.answered(429)}"),
        below("most calls in any second", log.most_in_a_second(), RATE),
        below("most searches in any second", log.most_in_a_second(SEARCH), SEARCH_RATE),
        Figure("shortest time between two calls", f"{min(gaps, default=0) * 1000:.1f} ms"),
    ]


def below(name: str, value: int, most: int) -> Figure:
    return Figure(name, str(value), f"≤ {most}", value <= most)
