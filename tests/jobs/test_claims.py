"""The durable queue: leases, fencing, order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dev.sandbox.server import RunningSandbox
from shared.enrichment import claims, finish
from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind
from tests.jobs.conftest import Look

Sql = Callable[..., Awaitable[Any]]


async def claim_new(upstream: Upstream, count: int) -> list[Claim]:
    return [claim for _, claim in await claims.claim_due(upstream, Kind.NEW, count)]


async def claim_lost(upstream: Upstream) -> Claim:
    """A film whose lease has ended."""
    [(_, claim)] = await claims.claim_suspect(upstream, Kind.NEW, 10)
    return claim


async def call_and_claim(upstream: Upstream) -> tuple[Call, Claim]:
    [both] = await claims.claim_due(upstream, Kind.NEW, 1)
    return both


async def want(sql: Sql, *films: int) -> None:
    for film in films:
        await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (:film)", film=film)


async def test_a_claimed_film_is_not_due_until_its_lease_ends(upstream: Upstream, sql: Sql, look: Look) -> None:
    await want(sql, 301)
    await claim_new(upstream, 10)
    assert await claim_new(upstream, 10) == []
    assert 4 < (await look(301))["due_in"] <= 5


async def test_an_ended_lease_makes_the_film_due_again(upstream: Upstream, sql: Sql) -> None:
    await want(sql, 301)
    [first] = await claim_new(upstream, 10)
    await sql("UPDATE film_sync SET next_attempt_at = now()")
    second = await claim_lost(upstream)
    assert (second.claim_seq, second.lost_leases) == (first.claim_seq + 1, 1)


async def test_no_film_is_claimed_twice_at_once(upstream: Upstream, sql: Sql) -> None:
    await want(sql, *range(1, 41))
    batches = await asyncio.gather(*(claim_new(upstream, 10) for _ in range(6)))
    claimed = [claim.kinopoisk_id for batch in batches for claim in batch]
    assert len(claimed) == len(set(claimed))


async def test_no_more_is_claimed_than_was_asked_for(upstream: Upstream, sql: Sql) -> None:
    await want(sql, 1, 2, 3)
    assert len(await claim_new(upstream, 2)) == 2


async def test_an_answer_after_the_lease_was_lost_changes_nothing(upstream: Upstream, sql: Sql, look: Look) -> None:
    await want(sql, 301)
    call, late = await call_and_claim(upstream)
    await sql("UPDATE film_sync SET next_attempt_at = now()")
    await claim_lost(upstream)
    await enrich(upstream, call, late)
    assert (await look(301))["status"] == "pending"
    assert await sql("SELECT count(*) FROM film_source") == 0


async def test_a_late_failure_changes_nothing(upstream: Upstream, sql: Sql, look: Look) -> None:
    await want(sql, 301)
    [late] = await claim_new(upstream, 1)
    await sql("UPDATE film_sync SET next_attempt_at = now()")
    current = await claim_lost(upstream)
    assert await finish.failed(upstream.engine, upstream.policy, late, "upstream-unavailable") is None
    assert (await look(301))["claim_seq"] == current.claim_seq


async def test_a_film_whose_holders_died_rests_without_another_call(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox
) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, attempts) VALUES (301, 6)")
    await enrich(upstream, *await call_and_claim(upstream))
    row = await look(301)
    assert (row["status"], row["attempts"], row["last_error_code"]) == ("failed", 0, "abandoned")
    assert (await sandbox.calls())["total"] == 0
