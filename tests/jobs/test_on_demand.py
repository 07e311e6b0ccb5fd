"""Films that somebody waits for, while another process has the lease."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dev.sandbox.server import RunningSandbox
from shared.enrichment import claims
from shared.enrichment.films import enrich
from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.upstream import Upstream
from shared.upstream.errors import NotNow
from shared.upstream.terms import Kind

Sql = Callable[..., Awaitable[Any]]
NOBODY = uuid.UUID(int=0)


@pytest.fixture
async def leased_elsewhere(sql: Sql) -> int:
    """A film whose holder does not answer."""
    await sql(
        """INSERT INTO film_sync (kinopoisk_id, claimed_at, next_attempt_at)
        VALUES (301, now(), now() + interval '5 minutes')"""
    )
    return 301


async def test_a_stop_waits_for_no_lease_of_others(upstream: Upstream, leased_elsewhere: int) -> None:
    films = FilmsOnDemand(upstream, patience_seconds=60)
    fetching = asyncio.create_task(films.fetch(leased_elsewhere, NOBODY))
    await asyncio.sleep(0)  # it waits now
    async with asyncio.timeout(5):
        await films.close()
        with pytest.raises(NotNow):
            await fetching


async def test_nobody_waits_longer_than_is_set(upstream: Upstream, leased_elsewhere: int) -> None:
    films = FilmsOnDemand(upstream, patience_seconds=0.2)
    with pytest.raises(NotNow, match="upstream-unavailable"):
        await films.fetch(leased_elsewhere, NOBODY)
    await films.close()


async def test_the_answer_of_another_process_is_enough(upstream: Upstream, leased_elsewhere: int, sql: Sql) -> None:
    films = FilmsOnDemand(upstream, patience_seconds=10)
    fetching = asyncio.create_task(films.fetch(leased_elsewhere, NOBODY))
    await asyncio.sleep(0)  # it waits now
    await sql("UPDATE film_sync SET status = 'not_found', claimed_at = NULL")
    await fetching
    await films.close()


@pytest.fixture
async def suspect(sql: Sql) -> int:
    """A film whose holder died."""
    await sql("INSERT INTO film_sync (kinopoisk_id, claimed_at) VALUES (301, now() - interval '1 minute')")
    return 301


async def test_a_suspect_is_left_to_the_worker(
    upstream: Upstream, suspect: int, sql: Sql, sandbox: RunningSandbox
) -> None:
    films = FilmsOnDemand(upstream, patience_seconds=0.3)
    with pytest.raises(NotNow, match="upstream-unavailable"):
        await films.fetch(suspect, NOBODY)
    await films.close()
    assert (await sandbox.calls())["total"] == 0
    assert await sql("SELECT claim_seq FROM film_sync") == 0


async def test_who_opens_a_suspect_gets_what_the_worker_fetches(upstream: Upstream, suspect: int) -> None:
    films = FilmsOnDemand(upstream, patience_seconds=10)
    fetching = asyncio.create_task(films.fetch(suspect, NOBODY))
    await asyncio.sleep(0)  # it waits now
    await enrich(upstream, *(await claims.claim_suspect(upstream, Kind.NEW, 1))[0])
    await fetching
    await films.close()


async def test_who_opens_a_film_that_rests_is_told_when_to_come_back(upstream: Upstream, sql: Sql) -> None:
    await sql(
        """INSERT INTO film_sync (kinopoisk_id, status, lost_leases, last_error_code, next_attempt_at)
        VALUES (301, 'failed', 5, 'abandoned', now() + interval '1 hour')"""
    )
    films = FilmsOnDemand(upstream, patience_seconds=10)
    with pytest.raises(NotNow) as told:
        await films.fetch(301, NOBODY)
    await films.close()
    assert 3500 < told.value.retry_after <= 3600
