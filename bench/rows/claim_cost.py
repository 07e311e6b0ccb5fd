"""100,000 films are due and 10 calls are left: what claiming costs, and what finding out costs that none may be made.

The product's own functions, in this process, on a PostgreSQL as durable as in production: without statistics of the
tables, after ANALYZE, and beside it with 100 due films. What was claimed is put back each time; the ledger holds 500
calls of the day.
"""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import patch

import asyncpg
from rich.progress import track

from bench.backlog import Backlog
from bench.figures import CannotMeasure, Figure, Scale, at_most, exactly, in_ms, percentile
from bench.stack import Layout, Stack, running_stack
from shared import wiring
from shared.enrichment import claims
from shared.enrichment.upstream import Upstream
from shared.settings import load_settings
from shared.upstream.terms import Kind, Terms
from worker.drain import Drain

FILMS = 100_000
# To see what the length of the backlog costs.
FEW = 100
USED, LEFT = 500, 10
LARGEST_MS = 5
KINDS = (Kind.NEW, Kind.REFRESH)
CONCURRENCY = 8


async def measure(scale: Scale) -> list[Figure]:
    times, figures = scale.pick(200, 40), []
    async with running_stack(Layout(apis=0, workers=0)) as stack, opened(stack) as (upstream, backlog):
        for due, analyze in ((FILMS, False), (FILMS, True), (FEW, True)):  # statistics outlive a TRUNCATE
            for kind in KINDS:
                await backlog.fill(kind, due, USED, analyze=analyze)
                name = f"{kind}, {due} due, {'after ANALYZE' if analyze else 'no statistics'}"
                figures += await claiming(name, upstream, backlog, kind, times)
                figures += await refusing(name, upstream, backlog, times)
    return figures


@asynccontextmanager
async def opened(stack: Stack) -> AsyncIterator[tuple[Upstream, Backlog]]:
    """As a worker of this stack would have it."""
    with patch.dict(os.environ, stack.environment, clear=True):
        settings = load_settings()
    engine, redis = wiring.write_engine(settings, "bench"), wiring.patient_redis(settings)
    upstream = wiring.upstream(settings, engine, redis)
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        yield replace(upstream, terms=with_left(upstream.terms, LEFT)), Backlog(connection)
    finally:
        await connection.close()
        await upstream.kinopoisk.close()
        await redis.close()
        await engine.dispose()


def with_left(terms: Terms, left: int) -> Terms:
    """So many calls of the day are left, to every kind."""
    return replace(terms, daily_limit=USED + left, ceilings=dict.fromkeys(Kind, 1.0))


async def claiming(name: str, upstream: Upstream, backlog: Backlog, kind: Kind, times: int) -> list[Figure]:
    """As many at once as may be under way, and all that the day has left."""
    figures = []
    for at_once in (upstream.terms.calls_at_once, LEFT + 1):
        asking = replace(upstream, terms=replace(upstream.terms, calls_at_once=at_once))
        seconds, claimed = [], 0
        for _ in track(range(times), f"{name}: claims"):
            started = time.perf_counter()
            granted = await claims.claim_due(asking, kind, LEFT)
            seconds.append(time.perf_counter() - started)
            claimed = len(granted)
            await backlog.restore([claim.kinopoisk_id for _, claim in granted], [call.id for call, _ in granted])
        if not claimed:
            raise CannotMeasure(f"{name}: nothing was claimed.")
        figures.append(cost(f"{name}: claim_due of {claimed}", seconds))
    return figures


async def refusing(name: str, upstream: Upstream, backlog: Backlog, times: int) -> list[Figure]:
    before = await backlog.trace()
    exhausted = replace(upstream, terms=with_left(upstream.terms, 0))
    empty = await timed(Drain(exhausted, CONCURRENCY).start_some, times)
    await backlog.close_gate()
    closed = await timed(Drain(upstream, CONCURRENCY).start_some, times)
    await backlog.open_gate()
    changed = before != await backlog.trace()
    return [
        cost(f"{name}: start_some, budget empty", empty),
        cost(f"{name}: start_some, gate closed", closed),
        exactly(f"{name}: rows of film_sync touched by those", int(changed), 0),
    ]


async def timed(act: Callable[[], Awaitable[object]], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        await act()
        seconds.append(time.perf_counter() - started)
    return seconds


def cost(name: str, seconds: list[float]) -> Figure:
    took = in_ms(seconds)
    median, late = percentile(took, 0.5), percentile(took, 0.95)
    return at_most(f"{name}: median of {len(took)}", median, LARGEST_MS, "ms", f"{median:.2f} ms (p95 {late:.2f})")
