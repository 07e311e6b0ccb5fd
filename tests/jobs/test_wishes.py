"""A wish on its way through the queue: whose request it was, and for how long somebody has waited."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from shared import sentry
from shared.enrichment import claims
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.terms import Kind
from tests.client import Client, eventually
from tests.jobs.conftest import Look
from tests.recorded import Recorded, recorded_metrics
from tests.worker_process import Worker
from worker import drain

Sql = Callable[..., Awaitable[Any]]
Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs(processors=[merge_contextvars]) as captured:
        yield captured


@pytest.fixture
def told() -> Iterator[Recorded]:
    with recorded_metrics() as recorded:
        yield recorded


def named(lines: Lines, event: str) -> list[tuple[Any, Any]]:
    """Film and request of each line of this event that is about a film."""
    about_films = (line for line in lines if line["event"] == event and "kinopoisk_id" in line)
    return [(line["kinopoisk_id"], line.get("request_id")) for line in about_films]


async def told_of(lines: Lines, event: str) -> list[tuple[Any, Any]]:
    """The same, as soon as there is one: a film is ready a moment before the worker says so."""

    async def look() -> list[tuple[Any, Any]]:
        return named(lines, event)

    found: list[tuple[Any, Any]] = await eventually(look)
    return found


async def add(client: Client, film: int, request: str) -> None:
    answer = await client.send(
        "POST", "/movies/favorites", json={"kinopoisk_id": film}, headers={"X-Request-ID": request}
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("event", ["kinopoisk_called", "film_enriched"])
async def test_the_request_that_added_a_film_is_named_by_the_worker(
    anna: Client, worker: Worker, lines: Lines, event: str
) -> None:
    await add(anna, 301, "from-anna")
    assert await told_of(lines, event) == [(301, "from-anna")]


async def test_a_film_that_was_asked_for_again_is_named_by_its_refresh(
    anna: Client, worker: Worker, lines: Lines, sql: Sql
) -> None:
    await add(anna, 301, "first")
    await told_of(lines, "film_enriched")
    await sql("UPDATE film_sync SET fetched_at = fetched_at - interval '2 hours'")
    lines.clear()
    await anna.send("POST", "/movies/301/refresh", headers={"X-Request-ID": "again"})
    assert await told_of(lines, "film_enriched") == [(301, "again")]


async def test_no_id_leaks_from_one_film_into_another(anna: Client, worker: Worker, lines: Lines, sql: Sql) -> None:
    await add(anna, 301, "from-anna")
    await told_of(lines, "film_enriched")
    lines.clear()
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (302)")
    worker.drain.ring()
    assert await told_of(lines, "film_enriched") == [(302, None)]


async def test_a_crash_bears_the_ids_too(
    upstream: Upstream, lines: Lines, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[dict[str, Any]] = []

    async def crash(*_: object) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(drain, "enrich", crash)
    monkeypatch.setattr(sentry, "report", lambda _: reported.append(get_contextvars()))
    await sql("INSERT INTO film_sync (kinopoisk_id, request_id) VALUES (301, 'from-anna')")
    running = drain.Drain(upstream, concurrency=1)
    task = asyncio.create_task(running.run())
    running.ring()

    async def crashed() -> bool:
        return bool(reported)

    await eventually(crashed)
    running.stop()
    await task
    assert named(lines, "film_enrichment_failed") == [(301, "from-anna")]
    assert reported == [{"kinopoisk_id": 301, "request_id": "from-anna"}]


async def test_once_fetched_nobody_waits(anna: Client, worker: Worker, look: Look) -> None:
    await add(anna, 301, "from-anna")
    await anna.until(301, "ready")
    row = await look(301)
    assert (row["requested_at"], row["request_id"]) == (None, None)


async def test_through_a_failed_attempt_the_wish_stays(upstream: Upstream, sandbox: RunningSandbox, look: Look) -> None:
    await sandbox.fault("status", path="film", status=500, times=1)
    with bound_contextvars(request_id="from-anna"):
        async with upstream.engine.begin() as connection:
            await claims.want_and_claim(connection, upstream.policy, 301)
    before = await look(301)
    assert before["request_id"] == "from-anna"
    async with upstream.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE film_sync SET next_attempt_at = now()")
    [(call, claim)] = await claims.claim_suspect(upstream, Kind.NEW, 1)
    await enrich(upstream, call, claim)
    after = await look(301)
    assert (after["status"], after["requested_at"], after["request_id"]) == (
        "pending",
        before["requested_at"],
        "from-anna",
    )


async def test_a_film_that_was_looked_at_is_timed(anna: Client, told: Recorded) -> None:
    await anna.get("/movies/301")
    assert len(told.timings["enrichment.ready.duration"]) == 1


async def test_time_counts_from_the_wish_on(upstream: Upstream, sql: Sql, told: Recorded) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, requested_at) VALUES (301, now() - interval '1 minute')")
    await enrich(upstream, *(await claims.claim_due(upstream, Kind.NEW, 1))[0])
    [milliseconds] = told.timings["enrichment.ready.duration"]
    assert milliseconds >= 60_000


@pytest.mark.parametrize(
    "row",
    ["'ready', now() - interval '1 minute'", "'failed', now() - interval '1 minute'", "'pending', NULL"],
    ids=["fetched before", "given up before", "nobody waits"],
)
async def test_only_films_that_somebody_waits_for_and_nobody_had_are_timed(
    upstream: Upstream, sql: Sql, told: Recorded, row: str
) -> None:
    await sql(f"INSERT INTO film_sync (kinopoisk_id, status, requested_at) VALUES (301, {row})")
    await enrich(upstream, *(await claims.claim_due(upstream, Kind.NEW, 1))[0])
    assert "enrichment.ready.duration" not in told.timings
