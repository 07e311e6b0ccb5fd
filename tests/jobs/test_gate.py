"""The gate: closed by refusals, tried by one probe, opened by an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dev.sandbox.server import RunningSandbox
from shared.enrichment.films import Upstream
from shared.enrichment.gate import Gate
from shared.kinopoisk.errors import KeyRefused, QuotaExhausted
from tests.client import eventually
from worker.drain import Drain

Sql = Callable[..., Awaitable[Any]]
TIME_IS_OVER = "UPDATE upstream_gate SET closed_until = now()"


async def test_an_open_gate_lets_calls_pass(upstream: Upstream) -> None:
    assert await upstream.gate.closed() is None


async def test_a_refusal_closes_it_for_every_process(upstream: Upstream) -> None:
    await upstream.gate.close(QuotaExhausted())
    elsewhere = Gate(upstream.engine, {}, probe_seconds=1)
    closed = await elsewhere.closed()
    assert closed is not None
    assert closed.code == "upstream-quota-exhausted"
    assert 890 < closed.seconds <= 900


async def test_the_reason_that_lasts_longest_is_given(upstream: Upstream) -> None:
    await upstream.gate.close(KeyRefused())
    await upstream.gate.close(QuotaExhausted())
    closed = await upstream.gate.closed()
    assert closed is not None
    assert closed.code == "upstream-quota-exhausted"


async def test_when_the_time_is_over_one_of_many_gets_the_probe(upstream: Upstream, sql: Sql) -> None:
    await upstream.gate.close(QuotaExhausted())
    await sql(TIME_IS_OVER)
    answers = await asyncio.gather(*(upstream.gate.closed() for _ in range(8)))
    assert [answer is None for answer in answers].count(True) == 1


async def test_an_answered_probe_opens_it(upstream: Upstream, sql: Sql) -> None:
    await upstream.gate.close(QuotaExhausted())
    await sql(TIME_IS_OVER)
    await upstream.gate.closed()
    await upstream.gate.answered()
    assert await sql("SELECT count(*) FROM upstream_gate") == 0


async def test_an_answer_that_is_no_probe_opens_nothing(upstream: Upstream, sql: Sql) -> None:
    await upstream.gate.close(QuotaExhausted())
    await upstream.gate.answered()
    assert await sql("SELECT count(*) FROM upstream_gate") == 1


async def test_a_probe_that_failed_holds_nobody_back_once_another_opened(upstream: Upstream, sql: Sql) -> None:
    await upstream.gate.close(QuotaExhausted())
    await sql(TIME_IS_OVER)
    await upstream.gate.closed()
    await sql("DELETE FROM upstream_gate")
    await upstream.gate.closed()
    assert not upstream.gate.probing


async def test_a_refused_probe_is_one_call_however_many_films_wait(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("status", status=402)
    await upstream.gate.close(QuotaExhausted())
    await sql(TIME_IS_OVER)
    await sql("INSERT INTO film_sync (kinopoisk_id) SELECT generate_series(1, 30)")
    await drained(upstream, sql, "SELECT closed_until > now() + interval '800 seconds' FROM upstream_gate")
    assert (await sandbox.calls())["total"] == 1


async def test_after_an_answered_probe_all_that_waits_is_fetched(upstream: Upstream, sql: Sql) -> None:
    await upstream.gate.close(QuotaExhausted())
    await sql(TIME_IS_OVER)
    await sql("INSERT INTO film_sync (kinopoisk_id) SELECT 1000000000 + generate_series(1, 30)")
    await drained(upstream, sql, "SELECT bool_and(status = 'not_found') FROM film_sync")


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
