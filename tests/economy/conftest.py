"""The same pieces of a worker as for tests of jobs, and calls as the ledger sees them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.enrichment.upstream import Upstream
from shared.upstream import access, calls
from shared.upstream.ledger import Call
from tests.economy.catalogue import no_collections, one_collection
from tests.jobs.conftest import look, sql, upstream

__all__ = ["look", "no_collections", "one_collection", "sql", "upstream"]

Sql = Callable[..., Awaitable[Any]]
TIME_IS_OVER = "UPDATE upstream_gate SET closed_until = now()"


@pytest.fixture
def sparing(upstream: Upstream) -> Callable[..., Upstream]:
    """The same upstream on other terms: `sparing(daily_limit=5)`."""

    def on_terms(**terms: Any) -> Upstream:
        return replace(upstream, terms=replace(upstream.terms, **terms))

    return on_terms


async def called(upstream: Upstream, outcome: str, times: int = 1) -> list[Call]:
    """Calls of lists that ended so."""
    made = []
    for _ in range(times):
        made.append(await access.one_list(upstream.access, None))
        await calls.end(upstream.engine, upstream.terms, made[-1], outcome)
    return made
