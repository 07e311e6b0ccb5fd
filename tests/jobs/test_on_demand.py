"""Films that somebody waits for, while another process has the lease."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.upstream import Upstream
from shared.upstream.errors import NotNow

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
