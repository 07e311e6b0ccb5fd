"""Metrics that stay in this process, for tests that look at them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from shared import metrics
from shared.metrics import Sink, Told


class Recorded:
    """A sink that keeps what it is told, and passes it on."""

    def __init__(self, after: Sink) -> None:
        self._after = after
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}
        self.timings: dict[str, list[float]] = defaultdict(list)

    @property
    def names(self) -> set[str]:
        return {*self.counts, *self.gauges, *self.timings}

    def put(self, told: Told) -> None:
        self._after.put(told)
        if told.kind == "count":
            self.counts[told.name] += int(told.value)
        elif told.kind == "gauge":
            self.gauges[told.name] = told.value
        else:
            self.timings[told.name].append(told.value)

    def close(self) -> None:
        pass


@contextmanager
def recorded_metrics() -> Iterator[Recorded]:
    """What this process tells meanwhile."""
    before = metrics.turn_to(metrics.Nowhere())
    recorded = Recorded(before)
    metrics.turn_to(recorded)
    try:
        yield recorded
    finally:
        metrics.turn_to(before)
