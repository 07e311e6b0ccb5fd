"""The drain: asks before it claims, fetches side by side, stops in an orderly way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from dev.testing import Servers
from shared.enrichment import claims
from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind
from tests.client import eventually
from tests.jobs.conftest import Look
from worker.catalogue import Catalogue
from worker.drain import Drain

Sql = Callable[..., Awaitable[Any]]


@pytest.fixture
async def drain(upstream: Upstream) -> AsyncIterator[Drain]:
    """A running drain with four places, which nobody rings for but the test."""
    drain = Drain(upstream, concurrency=4)
    task = asyncio.create_task(drain.run())
    yield drain
    drain.stop()
    await task


async def want(sql: Sql, count: int) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id) SELECT 1000000000 + n FROM generate_series(1, :n) n", n=count)


async def all_done(sql: Sql) -> bool:
    return bool(await sql("SELECT count(*) = 0 FROM film_sync WHERE status = 'pending'"))


async def test_one_ring_drains_all_that_is_due(drain: Drain, sql: Sql) -> None:
    await want(sql, 25)
    drain.ring()
    await eventually(lambda: all_done(sql))


async def test_no_more_films_are_fetched_at_once_than_there_are_places(
    drain: Drain, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("latency", seconds=0.05)
    await want(sql, 20)
    drain.ring()
    await eventually(lambda: all_done(sql))
    assert (await sandbox.calls())["max_in_flight"] == 4


async def test_behind_a_closed_gate_no_row_is_touched(upstream: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO upstream_gate VALUES ('quota', now() + interval '1 hour')")
    await want(sql, 3)
    drain = Drain(upstream, concurrency=4)
    assert await drain.start_some() == 0
    assert await sql("SELECT sum(claim_seq) FROM film_sync") == 0


async def test_without_a_grant_of_the_limiter_no_row_is_touched(
    upstream: Upstream, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream.limiter, "take", nothing_now)
    await want(sql, 3)
    assert await Drain(upstream, concurrency=4).start_some() == 0.25
    assert await sql("SELECT sum(claim_seq) FROM film_sync") == 0


async def nothing_now(*_: object) -> tuple[int, float]:
    return 0, 0.25


async def test_stopping_finishes_the_fetches_under_way(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sandbox.fault("latency", seconds=0.3)
    await want(sql, 10)
    drain = Drain(upstream, concurrency=4)
    task = asyncio.create_task(drain.run())
    drain.ring()
    await eventually(lambda: in_flight(sandbox, 4))
    drain.stop()
    await task
    assert await sql("SELECT count(*) FROM film_sync WHERE status = 'not_found'") == 4
    assert await sql("SELECT count(*) FROM film_sync WHERE claimed_at IS NOT NULL") == 0


async def in_flight(sandbox: RunningSandbox, count: int) -> bool:
    return bool((await sandbox.calls())["in_flight"] >= count)


async def test_a_failing_database_ends_no_drain(drain: Drain, sql: Sql, servers: Servers) -> None:
    await want(sql, 1)
    servers.postgres.stop()
    try:
        with capture_logs() as logged:
            drain.ring()
            await eventually(lambda: said(logged, "drain_failed"))
    finally:
        servers.postgres.start()
    drain.ring()
    await eventually(lambda: all_done(sql))


async def said(logged: list[Any], event: str) -> bool:
    return event in [entry["event"] for entry in logged]


async def test_a_crash_within_a_fetch_leaves_the_film_to_its_lease(
    drain: Drain, sql: Sql, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr("worker.drain.enrich", crash)
    await want(sql, 1)
    drain.ring()

    async def claimed() -> bool:
        return (await look(1_000_000_001))["claimed_at"] is not None

    await eventually(claimed)
    assert (await look(1_000_000_001))["due_in"] <= 5


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[int]]:
    """Each film that this process fetched, with all those that were under way at any moment of it."""
    met: dict[int, set[int]] = {}
    running: set[int] = set()

    async def noted(upstream: Upstream, call: Call, claim: Claim) -> str:
        film = claim.kinopoisk_id
        met.setdefault(film, set()).update(running)
        for other in running:
            met[other].add(film)
        running.add(film)
        try:
            return await enrich(upstream, call, claim)
        finally:
            running.remove(film)

    monkeypatch.setattr("worker.drain.enrich", noted)
    return met


async def suspect(sql: Sql, *films: int) -> None:
    await sql("UPDATE film_sync SET lost_leases = 1 WHERE kinopoisk_id = ANY(:films)", films=list(films))


async def test_a_suspect_is_fetched_alone(
    drain: Drain, sql: Sql, sandbox: RunningSandbox, beside: dict[int, set[int]]
) -> None:
    await sandbox.fault("latency", seconds=0.05)
    await want(sql, 20)
    suspects = {1_000_000_001, 1_000_000_006, 1_000_000_007, 1_000_000_020}
    await suspect(sql, *suspects)
    drain.ring()
    await eventually(lambda: all_done(sql))
    assert [beside[film] for film in suspects] == [set()] * 4
    assert all(beside[film] for film in beside.keys() - suspects)


async def test_a_suspect_that_somebody_else_takes_stops_nobody(drain: Drain, upstream: Upstream, sql: Sql) -> None:
    await want(sql, 5)
    await suspect(sql, 1_000_000_001)
    await claims.claim_suspect(upstream, Kind.NEW, 5)
    drain.ring()
    await eventually(lambda: sql("SELECT count(*) = 4 FROM film_sync WHERE status = 'not_found'"))


async def test_a_suspect_waits_for_a_call_of_the_catalogue_and_the_catalogue_for_it(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    """Both call in this process; the sandbox sees how many at once."""
    alone = asyncio.Lock()
    drain, catalogue = Drain(upstream, 4, alone), Catalogue(upstream, enabled=True, alone=alone)
    await sandbox.fault("latency", seconds=0.05)
    await want(sql, 5)
    await suspect(sql, *range(1_000_000_001, 1_000_000_006))
    running = [asyncio.create_task(drain.run()), asyncio.create_task(catalogue.run())]
    drain.ring()
    catalogue.ring()
    await eventually(lambda: all_done(sql))
    await eventually(lambda: sql("SELECT count(*) > 5 FROM upstream_call WHERE kind = 'catalogue'"))
    drain.stop()
    catalogue.stop()
    await asyncio.wait(running)
    assert (await sandbox.calls())["max_in_flight"] == 1


async def test_whoever_stops_begins_no_suspect(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sandbox.fault("latency", seconds=0.3)
    await want(sql, 1)
    drain = Drain(upstream, concurrency=4)
    task = asyncio.create_task(drain.run())
    drain.ring()
    await eventually(lambda: in_flight(sandbox, 1))
    await sql("INSERT INTO film_sync (kinopoisk_id, lost_leases) VALUES (301, 1)")
    drain.ring()
    drain.stop()
    await task
    assert await sql("SELECT claim_seq FROM film_sync WHERE kinopoisk_id = 301") == 0
