"""After a crash: nothing that a dead process left behind outlives the lease of its films."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from shared import wiring
from shared.enrichment import claims
from shared.enrichment.upstream import Upstream
from shared.settings import Settings
from shared.upstream.terms import Kind
from tests.client import eventually
from worker.drain import Drain

Sql = Callable[..., Awaitable[Any]]

THE_LEASE_ENDS = (
    "UPDATE film_sync SET next_attempt_at = next_attempt_at - CAST(:lease AS interval)",
    "UPDATE upstream_call SET at = at - CAST(:lease AS interval)",
    "UPDATE upstream_gate SET closed_until = closed_until - CAST(:lease AS interval)",
)


@pytest.fixture
def sparing(upstream: Upstream) -> Upstream:
    """As many calls at once as by default."""
    return replace(upstream, terms=replace(upstream.terms, calls_at_once=3))


async def a_worker_dies(upstream: Upstream, sql: Sql) -> int:
    """With all that it may have under way, just when its leases end; how many films that were."""
    claimed = await claims.claim_due(upstream, Kind.NEW, 10)
    for statement in THE_LEASE_ENDS:
        await sql(statement, lease=upstream.policy.lease)
    return len(claimed)


async def one_sweep(upstream: Upstream, sql: Sql) -> None:
    """Another worker finds what is due, is never told to wait for others, and fetches it."""
    drain = Drain(upstream, concurrency=8)
    task = asyncio.create_task(drain.run())
    drain.ring()
    await eventually(lambda: sql("SELECT count(*) = 0 FROM film_sync WHERE status <> 'ready'"))
    drain.stop()
    await task


async def test_calls_of_the_dead_keep_no_place(sparing: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (301), (41519)")
    assert await a_worker_dies(sparing, sql) == 2
    assert await sql("SELECT count(*) FROM upstream_call WHERE ended_at IS NULL") == 2
    await one_sweep(sparing, sql)
    assert (await sandbox.calls())["total"] == 2


async def test_a_probe_that_died_keeps_the_gate_closed_no_longer(sparing: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (301)")
    await sql("INSERT INTO upstream_gate VALUES ('quota', now())")
    assert await a_worker_dies(sparing, sql) == 1
    with capture_logs() as logged:
        await one_sweep(sparing, sql)
    assert "upstream_gate_opened" in [line["event"] for line in logged]


async def test_a_lease_lasts_longer_than_any_call(settings: Settings) -> None:
    """At the settings by default, so that what is still under way when a lease ends has died."""
    defaults = settings.model_copy(
        update={
            name: type(getattr(settings, name)).model_validate(needed)
            for name, needed in {"kinopoisk": {"api_key": "any"}, "enrichment": {}}.items()
        }
    )
    terms, policy = wiring.terms(defaults), wiring.policy(defaults)
    assert terms.call_lasts < policy.lease
    assert policy.lease_seconds + defaults.enrichment.sweep_seconds + defaults.kinopoisk.deadline_seconds <= 75
