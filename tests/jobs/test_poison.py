"""A film that ends every process that fetches it, among others that do nobody any harm."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.ledger import Call
from tests.client import eventually
from tests.jobs.conftest import Look
from worker.drain import Drain

Sql = Callable[..., Awaitable[Any]]

POISON = 1_000_000_001
AT_ONCE = 4
FILMS = "INSERT INTO film_sync (kinopoisk_id, rank) SELECT 1000000000 + n, n FROM generate_series(1, 20) n"
THE_LEASES_END = "UPDATE film_sync SET next_attempt_at = now() WHERE claimed_at IS NOT NULL"
AT_REST = "SELECT count(*) = 0 FROM film_sync WHERE claimed_at IS NOT NULL OR next_attempt_at <= now()"


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set as soon as a worker has met the poison: the first time with as many films under way as it fetches at once."""
    event = asyncio.Event()
    met: list[int] = []

    async def deadly(upstream: Upstream, call: Call, claim: Claim) -> str:
        poisonous = claim.kinopoisk_id == POISON and claim.lost_leases < upstream.policy.max_attempts
        if not poisonous and len(met) >= AT_ONCE:
            return await enrich(upstream, call, claim)
        met.append(claim.kinopoisk_id)
        if len(met) >= AT_ONCE:
            event.set()
        return await asyncio.Future[str]()

    monkeypatch.setattr("worker.drain.enrich", deadly)
    return event


async def work(upstream: Upstream, sql: Sql, died: asyncio.Event) -> bool:
    """Until nothing is left to do, or the worker dies with all that it has under way; whether it died."""
    died.clear()
    before = asyncio.all_tasks()
    drain = Drain(upstream, concurrency=AT_ONCE)
    running = asyncio.create_task(drain.run())
    drain.ring()

    async def is_over() -> bool:
        return died.is_set() or bool(await sql(AT_REST))

    await eventually(is_over)
    if died.is_set():
        tasks = asyncio.all_tasks() - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sql(THE_LEASES_END)
        return True
    drain.stop()
    await running
    return False


async def test_it_costs_six_calls_and_its_neighbours_one_lease(
    upstream: Upstream, sql: Sql, look: Look, died: asyncio.Event
) -> None:
    await sql(FILMS)
    deaths = 0
    while await work(upstream, sql, died):
        deaths += 1
    poison = await look(POISON)
    assert (deaths, poison["status"], poison["last_error_code"]) == (6, "failed", "abandoned")
    assert await sql("SELECT count(*) FROM upstream_call WHERE kinopoisk_id = :film", film=POISON) == 6
    others = f"FROM film_sync WHERE kinopoisk_id <> {POISON}"
    assert await sql(f"SELECT array_agg(DISTINCT status) {others}") == ["not_found"]
    assert await sql(f"SELECT array_agg(claim_seq ORDER BY claim_seq DESC) {others}") == [2] * (AT_ONCE - 1) + [1] * (
        20 - AT_ONCE
    )
    assert await sql(f"SELECT array_agg(DISTINCT lost_leases) {others}") == [0]
