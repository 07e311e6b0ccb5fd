"""The gate: closed by refusals and faults, tried by one probe, opened by an answer."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import KeyRefused, KinopoiskRefusal, QuotaExhausted, TooFast
from shared.upstream import access, calls
from shared.upstream.errors import NotNow
from shared.upstream.ledger import Call
from tests.client import eventually
from tests.economy.conftest import TIME_IS_OVER, Sql, called
from worker.drain import Drain

SECONDS = "SELECT extract(epoch FROM closed_until - now())::float8 FROM upstream_gate WHERE reason = :reason"
BROKEN = "SELECT count(*) FROM upstream_gate WHERE reason = 'broken'"


async def refusal_of(upstream: Upstream) -> NotNow:
    with pytest.raises(NotNow) as caught:
        await access.one_list(upstream.access, None)
    return caught.value


async def probe(upstream: Upstream, sql: Sql, outcome: str) -> Call:
    """Let the time of the closed gate be over, and the probe end so."""
    await sql(TIME_IS_OVER)
    [call] = await called(upstream, outcome)
    assert call.probe
    return call


@pytest.mark.parametrize(
    ("refusal", "reason", "seconds"),
    [(QuotaExhausted, "quota", 900), (KeyRefused, "refused", 300), (TooFast, "too_fast", 2)],
)
async def test_a_refusal_closes_it_for_everybody(
    upstream: Upstream, sql: Sql, refusal: type[KinopoiskRefusal], reason: str, seconds: int
) -> None:
    await called(upstream, refusal.code)
    told = await refusal_of(upstream)
    assert told.code == refusal.code
    assert seconds - 2 < told.retry_after <= seconds


async def test_the_reason_that_lasts_longest_is_given(upstream: Upstream) -> None:
    first, second = [await access.one_list(upstream.access, None) for _ in range(2)]
    await calls.end(upstream.engine, upstream.terms, first, KeyRefused.code)
    await calls.end(upstream.engine, upstream.terms, second, QuotaExhausted.code)
    assert (await refusal_of(upstream)).code == "upstream-quota-exhausted"


async def test_when_the_time_is_over_one_of_many_gets_the_probe(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    asked = [access.one_list(upstream.access, None) for _ in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers].count(Call) == 1


async def test_an_answered_probe_opens_it(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await probe(upstream, sql, calls.ANSWERED)
    assert await sql("SELECT count(*) FROM upstream_gate") == 0


async def test_an_answer_that_was_under_way_opens_nothing(upstream: Upstream, sql: Sql) -> None:
    under_way = await access.one_list(upstream.access, None)
    await called(upstream, QuotaExhausted.code)
    await calls.end(upstream.engine, upstream.terms, under_way, calls.ANSWERED)
    assert await sql("SELECT count(*) FROM upstream_gate") == 1


@pytest.mark.parametrize(("failed_probes", "seconds"), [(1, 1800), (2, 3600), (3, 3600)])
async def test_each_refused_probe_doubles_the_pause_up_to_its_cap(
    upstream: Upstream, sql: Sql, failed_probes: int, seconds: int
) -> None:
    await called(upstream, QuotaExhausted.code)
    for _ in range(failed_probes):
        await probe(upstream, sql, QuotaExhausted.code)
    assert await sql(SECONDS, reason="quota") == pytest.approx(seconds, abs=2)


async def test_years_of_refused_probes_are_no_error(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await sql("UPDATE upstream_gate SET closings = 100000")
    await probe(upstream, sql, QuotaExhausted.code)
    assert await sql(SECONDS, reason="quota") == pytest.approx(3600, abs=2)


async def test_refusals_that_were_under_way_do_not_double_the_pause(upstream: Upstream, sql: Sql) -> None:
    under_way = [await access.one_list(upstream.access, None) for _ in range(3)]
    for call in under_way:
        await calls.end(upstream.engine, upstream.terms, call, QuotaExhausted.code)
    assert await sql(SECONDS, reason="quota") == pytest.approx(900, abs=2)


async def test_after_an_answer_the_pause_is_short_again(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await probe(upstream, sql, QuotaExhausted.code)
    await probe(upstream, sql, calls.ANSWERED)
    await called(upstream, QuotaExhausted.code)
    assert await sql(SECONDS, reason="quota") == pytest.approx(900, abs=2)


async def test_a_probe_whose_process_died_is_made_by_another(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    await access.one_list(upstream.access, None)  # and never heard of again
    assert 0 < (await refusal_of(upstream)).retry_after <= upstream.terms.call_seconds
    assert (await probe(upstream, sql, calls.ANSWERED)).probe


async def test_five_faults_in_a_row_break_it(upstream: Upstream) -> None:
    await called(upstream, calls.FAULT, 5)
    told = await refusal_of(upstream)
    assert told.code == "upstream-unavailable"
    assert 28 < told.retry_after <= 30


async def test_four_faults_do_not(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, calls.FAULT, 4)
    await called(upstream, calls.ANSWERED)
    await called(upstream, calls.FAULT, 4)
    assert await sql(BROKEN) == 0


async def test_half_of_the_last_twenty_break_it(upstream: Upstream, sql: Sql) -> None:
    for _ in range(9):
        await called(upstream, calls.ANSWERED)
        await called(upstream, calls.FAULT)
    assert await sql(BROKEN) == 0
    await called(upstream, calls.ANSWERED)
    await called(upstream, calls.FAULT)
    assert await sql(BROKEN) == 1


async def test_one_film_that_cannot_be_fetched_breaks_nothing(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("html", film=301)
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (301)")
    await drained(upstream, sql, "SELECT status = 'failed' FROM film_sync")
    assert (await sandbox.calls())["total"] == 6
    assert await sql(BROKEN) == 0


async def test_a_failed_probe_keeps_it_broken_for_twice_as_long(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, calls.FAULT, 5)
    await probe(upstream, sql, calls.FAULT)
    assert await sql(SECONDS, reason="broken") == pytest.approx(60, abs=2)


async def test_what_was_before_a_good_probe_is_forgotten(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, calls.FAULT, 5)
    await probe(upstream, sql, calls.ANSWERED)
    await called(upstream, calls.FAULT, 4)
    assert await sql(BROKEN) == 0


async def test_a_refused_probe_shows_that_upstream_is_there_again(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, calls.FAULT, 5)
    await probe(upstream, sql, TooFast.code)
    assert await sql("SELECT array_agg(reason) FROM upstream_gate") == ["too_fast"]


async def test_a_refused_key_is_an_alarm(upstream: Upstream, alarms: list[str]) -> None:
    with capture_logs() as lines:
        await called(upstream, KeyRefused.code)
    assert [line["log_level"] for line in lines if line["event"] == "upstream_gate_closed"] == ["error"]
    assert alarms == ["upstream-key-refused"]


async def test_a_gate_that_closes_after_faults_is_an_alarm(upstream: Upstream, alarms: list[str]) -> None:
    await called(upstream, calls.FAULT, 4)
    assert alarms == []
    await called(upstream, calls.FAULT)
    assert alarms == ["upstream-broken"]


@pytest.mark.parametrize("code", [QuotaExhausted.code, TooFast.code])
async def test_a_refusal_that_passes_by_itself_is_no_alarm(upstream: Upstream, alarms: list[str], code: str) -> None:
    await called(upstream, code)
    assert alarms == []


async def test_after_the_first_refusal_no_more_pass_than_were_under_way(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, sparing: Callable[..., Upstream]
) -> None:
    await sandbox.fault("status", status=402)
    await sandbox.fault("latency", seconds=0.2)
    await sql("INSERT INTO film_sync (kinopoisk_id) SELECT generate_series(1, 30)")
    three = sparing(calls_at_once=3)
    drains = [Drain(three, concurrency=8) for _ in range(3)]
    tasks = [asyncio.create_task(drain.run()) for drain in drains]

    async def settled() -> bool:
        for drain in drains:
            drain.ring()
        return bool(await sql("SELECT count(*) > 0 AND bool_and(ended_at IS NOT NULL) FROM upstream_call"))

    await eventually(settled)
    for drain in drains:
        drain.stop()
    await asyncio.gather(*tasks)
    assert 1 <= (await sandbox.calls())["total"] <= 3


async def test_after_an_answered_probe_all_that_waits_is_fetched(upstream: Upstream, sql: Sql) -> None:
    await called(upstream, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    await sql("INSERT INTO film_sync (kinopoisk_id) SELECT 1000000000 + generate_series(1, 30)")
    await drained(upstream, sql, "SELECT bool_and(status = 'not_found') FROM film_sync")


async def test_waiting_costs_no_film_an_attempt(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402, times=1)
    await sql("INSERT INTO film_sync (kinopoisk_id) VALUES (301)")
    await drained(upstream, sql, "SELECT last_error_code IS NOT NULL FROM film_sync")
    assert await sql("SELECT attempts FROM film_sync") == 0


async def drained(upstream: Upstream, sql: Sql, condition: str) -> None:
    """Let a drain run, swept again and again, until the condition holds."""
    drain = Drain(upstream, concurrency=8)
    running = asyncio.create_task(drain.run())

    async def holds() -> bool:
        drain.ring()
        return bool(await sql(condition))

    await eventually(holds)
    drain.stop()
    await running
