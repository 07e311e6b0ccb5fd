"""The status as gauges."""

from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import KeyRefused
from shared.upstream import calls, signals
from shared.upstream.status import read_status
from tests.economy.conftest import called
from tests.recorded import Recorded


async def gauges(upstream: Upstream, told: Recorded) -> dict[str, float]:
    signals.report(await read_status(upstream.engine, upstream.terms))
    return told.gauges


async def test_what_the_status_says_is_sent(upstream: Upstream, told: Recorded) -> None:
    await called(upstream, calls.ANSWERED, 2)
    sent = await gauges(upstream, told)
    assert (sent["upstream.budget.used"], sent["upstream.budget.interactive.used"]) == (2, 2)
    assert (sent["upstream.gate.closed"], sent["upstream.breaker.open"]) == (0, 0)
    assert sent.keys() >= {"enrichment.backlog.waiting", "enrichment.refresh.stretch"}


async def test_a_refused_key_has_a_gauge_of_its_own(upstream: Upstream, told: Recorded) -> None:
    await called(upstream, KeyRefused.code)
    sent = await gauges(upstream, told)
    assert (sent["upstream.gate.closed"], sent["upstream.gate.key_refused"]) == (1, 1)
