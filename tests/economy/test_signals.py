"""The status as gauges."""

from typing import Any

from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import KeyRefused
from shared.upstream import calls, signals
from shared.upstream.status import read_status
from tests.economy.conftest import called


class Recorded:
    """Metrics that are kept."""

    def __init__(self) -> None:
        self.gauges: dict[str, Any] = {}

    def count(self, name: str, n: int = 1) -> None: ...

    def gauge(self, name: str, value: float | None) -> None:
        self.gauges[name] = value

    def timing(self, name: str, milliseconds: float) -> None: ...

    def close(self) -> None: ...


async def gauges(upstream: Upstream) -> dict[str, Any]:
    recorded = Recorded()
    signals.report(await read_status(upstream.engine, upstream.terms), recorded)
    return recorded.gauges


async def test_what_the_status_says_is_sent(upstream: Upstream) -> None:
    await called(upstream, calls.ANSWERED, 2)
    sent = await gauges(upstream)
    assert (sent["upstream.budget.used"], sent["upstream.budget.interactive.used"]) == (2, 2)
    assert (sent["upstream.gate.closed"], sent["upstream.breaker.open"]) == (0, 0)
    assert sent.keys() >= {"enrichment.backlog.waiting", "enrichment.refresh.stretch"}


async def test_a_refused_key_has_a_gauge_of_its_own(upstream: Upstream) -> None:
    await called(upstream, KeyRefused.code)
    sent = await gauges(upstream)
    assert (sent["upstream.gate.closed"], sent["upstream.gate.key_refused"]) == (1, 1)
