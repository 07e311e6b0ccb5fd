"""Films whose holders die: fetched alone from then on, and not for ever; their neighbours pay with one lease."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from shared.enrichment import claims, finish
from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind
from tests.jobs.conftest import Look
from tests.recorded import Recorded

Sql = Callable[..., Awaitable[Any]]
Both = tuple[Call, Claim]

THE_LEASE_ENDS = "UPDATE film_sync SET next_attempt_at = now() WHERE claimed_at IS NOT NULL"
A_DAY_LATER = "UPDATE film_sync SET next_attempt_at = now()"
COUNT_CALLS = "SELECT count(*) FROM upstream_call"
MATRIX, BROTHER, UNKNOWN = 301, 41519, 1_000_000_001


@pytest.fixture
async def died(upstream: Upstream, sql: Sql) -> None:
    """A worker died while it fetched three films."""
    for film in (MATRIX, BROTHER, UNKNOWN):
        await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (:film)", film=film)
    assert len(await claims.claim_due(upstream, Kind.NEW, 10)) == 3
    await sql(THE_LEASE_ENDS)


async def claim_suspect(upstream: Upstream, kind: Kind = Kind.NEW) -> Both:
    [both] = await claims.claim_suspect(upstream, kind, 10)
    return both


async def only(sql: Sql, film: int) -> None:
    await sql("DELETE FROM film_sync WHERE kinopoisk_id <> :film", film=film)


@pytest.mark.usefixtures("died")
async def test_who_was_with_a_dead_worker_is_a_suspect(upstream: Upstream) -> None:
    assert await claims.find_due(upstream.engine, Kind.NEW, 10) == (3, 3)
    assert await claims.claim_due(upstream, Kind.NEW, 10) == []


@pytest.mark.usefixtures("died")
async def test_suspects_are_claimed_one_by_one(upstream: Upstream) -> None:
    films = [(await claim_suspect(upstream))[1].kinopoisk_id for _ in range(3)]
    assert sorted(films) == [MATRIX, BROTHER, UNKNOWN]
    assert await claims.claim_suspect(upstream, Kind.NEW, 10) == []


@pytest.mark.usefixtures("died")
async def test_a_suspect_is_found_among_the_first_only(upstream: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, next_attempt_at) VALUES (1, now() - interval '1 hour')")
    assert await claims.find_due(upstream.engine, Kind.NEW, 1) == (1, 0)
    assert await claims.claim_suspect(upstream, Kind.NEW, 1) == []


async def test_refreshes_become_suspects_too(upstream: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, status, priority, demand) VALUES (301, 'ready', 1, 3)")
    await claims.claim_due(upstream, Kind.REFRESH, 1)
    await sql(THE_LEASE_ENDS)
    assert await claims.find_due(upstream.engine, Kind.REFRESH, 10) == (1, 1)
    assert (await claim_suspect(upstream, Kind.REFRESH))[1].lost_leases == 1


async def test_behind_an_empty_budget_no_suspect_is_touched(upstream: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, lost_leases) VALUES (301, 1)")
    for _ in range(upstream.terms.calls_at_once):
        await sql("INSERT INTO upstream_call (kind) VALUES ('new')")
    assert await claims.claim_suspect(upstream, Kind.NEW, 10) == []
    assert await sql("SELECT claim_seq FROM film_sync") == 0


@pytest.mark.usefixtures("died")
async def test_only_a_lease_lost_alone_costs_an_attempt(upstream: Upstream, sql: Sql) -> None:
    await only(sql, MATRIX)
    counted = []
    for _ in range(3):
        _, claim = await claim_suspect(upstream)
        counted.append((claim.attempts, claim.lost_leases))
        await sql(THE_LEASE_ENDS)
    assert counted == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.usefixtures("died")
@pytest.mark.parametrize(("film", "status"), [(MATRIX, "ready"), (UNKNOWN, "not_found")])
async def test_an_answer_clears_a_suspect(upstream: Upstream, sql: Sql, look: Look, film: int, status: str) -> None:
    await only(sql, film)
    await enrich(upstream, *await claim_suspect(upstream))
    row = await look(film)
    assert (row["status"], row["lost_leases"], row["claimed_at"]) == (status, 0, None)


@pytest.mark.usefixtures("died")
@pytest.mark.parametrize("status", [500, 402])
async def test_what_is_no_answer_clears_nobody(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox, status: int
) -> None:
    await only(sql, MATRIX)
    await sandbox.fault("status", path="film", status=status, times=1)
    await enrich(upstream, *await claim_suspect(upstream))
    assert (await look(MATRIX))["lost_leases"] == 1
    await sql(A_DAY_LATER)
    assert await claims.find_due(upstream.engine, Kind.NEW, 10) == (1, 1)


async def test_a_neighbour_at_its_last_attempt_is_not_given_up(upstream: Upstream, sql: Sql, look: Look) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, attempts) VALUES (301, 5)")
    await claims.claim_due(upstream, Kind.NEW, 1)
    await sql(THE_LEASE_ENDS)
    await enrich(upstream, *await claim_suspect(upstream))
    assert (await look(301))["status"] == "ready"


async def test_a_poison_film_costs_six_calls_and_then_one_a_day(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox
) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (301)")
    await claims.claim_due(upstream, Kind.NEW, 1)
    await sql(THE_LEASE_ENDS)
    while await calls_of_one_look(upstream, sql, Kind.NEW):
        pass
    assert await sql(COUNT_CALLS) == 6
    row = await look(301)
    assert (row["status"], row["last_error_code"], row["claimed_at"]) == ("failed", "abandoned", None)
    assert row["due_in"] > 60_000
    for day in (1, 2):
        await sql(A_DAY_LATER)
        while await calls_of_one_look(upstream, sql, Kind.REFRESH):
            pass
        assert await sql(COUNT_CALLS) == 6 + day
    assert (await sandbox.calls())["total"] == 0


async def calls_of_one_look(upstream: Upstream, sql: Sql, kind: Kind) -> bool:
    """What a worker does that dies of the film: it claims it, and unless that lets it rest it is gone."""
    claimed = await claims.claim_suspect(upstream, kind, 10)
    if claimed and claimed[0][1].lost_leases >= upstream.policy.max_attempts:
        await enrich(upstream, *claimed[0])
    await sql(THE_LEASE_ENDS)
    return bool(claimed)


async def test_a_film_with_details_keeps_them_when_it_is_abandoned(upstream: Upstream, sql: Sql, look: Look) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, status, priority, lost_leases) VALUES (301, 'ready', 1, 6)")
    await enrich(upstream, *await claim_suspect(upstream, Kind.REFRESH))
    row = await look(301)
    assert (row["status"], row["last_error_code"], row["lost_leases"]) == ("ready", "abandoned", 5)


async def test_one_that_was_abandoned_is_clean_after_an_answer(upstream: Upstream, sql: Sql, look: Look) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, status, priority, lost_leases) VALUES (301, 'failed', 2, 5)")
    await enrich(upstream, *await claim_suspect(upstream, Kind.REFRESH))
    row = await look(301)
    assert (row["status"], row["lost_leases"]) == ("ready", 0)


@pytest.mark.parametrize(("lost", "kept"), [(0, 0), (1, 5)])
async def test_a_suspect_that_is_given_up_for_faults_costs_one_crash_a_day(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox, lost: int, kept: int
) -> None:
    await sandbox.fault("status", path="film", status=500, times=1)
    await sql("INSERT INTO film_sync (kinopoisk_id, attempts, lost_leases) VALUES (301, 5, :lost)", lost=lost)
    claim = claims.claim_suspect if lost else claims.claim_due
    await enrich(upstream, *(await claim(upstream, Kind.NEW, 1))[0])
    row = await look(301)
    assert (row["status"], row["attempts"], row["lost_leases"]) == ("failed", 0, kept)


async def test_a_holder_that_lost_its_lease_gives_nothing_up(upstream: Upstream, sql: Sql, look: Look) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, lost_leases) VALUES (301, 6)")
    _, late = await claim_suspect(upstream)
    await sql(THE_LEASE_ENDS)
    await claim_suspect(upstream)
    assert await finish.given_up(upstream.engine, upstream.policy, late, "abandoned") is None
    assert (await look(301))["status"] == "pending"


@pytest.mark.usefixtures("died")
async def test_operators_see_suspects(upstream: Upstream, sql: Sql, told: Recorded) -> None:
    await only(sql, MATRIX)
    with capture_logs() as logged:
        await enrich(upstream, *await claim_suspect(upstream))
    [line] = [line for line in logged if line["event"] == "film_suspected"]
    assert (line["log_level"], line["kinopoisk_id"], line["lost_leases"]) == ("warning", MATRIX, 1)
    assert told.counts["enrichment.suspects"] == 1


async def test_operators_are_alarmed_by_an_abandoned_film(
    upstream: Upstream, sql: Sql, told: Recorded, alarms: list[str]
) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, lost_leases) VALUES (301, 6)")
    with capture_logs() as logged:
        await enrich(upstream, *await claim_suspect(upstream))
    assert "film_abandoned" in [line["event"] for line in logged if line["log_level"] == "error"]
    assert told.counts["enrichment.films.abandoned"] == 1
    assert alarms == ["film-abandoned"]
