"""The budget of the day: ceilings by kind, counted in PostgreSQL, never overspent whatever upstream's hour."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.sandbox.server import RunningSandbox
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import QuotaExhausted
from shared.upstream import access, calls, ledger
from shared.upstream.errors import NotNow
from shared.upstream.ledger import State
from shared.upstream.reconcile import reconcile
from shared.upstream.terms import Kind, Terms
from tests.client import eventually
from tests.economy.conftest import TIME_IS_OVER, Sql, called

Sparing = Callable[..., Upstream]
FRESH = State(100, 0, 0, reported=False, by_user=0, share_seconds=None, reason=None, closed_seconds=None)
EARLIER = """
    UPDATE upstream_call SET at = at - make_interval(hours => :hours),
        ended_at = ended_at - make_interval(hours => :hours)
"""


async def used(upstream: Upstream) -> int:
    return (await ledger.look(upstream.engine, upstream.terms)).used


async def refused(upstream: Upstream) -> str:
    with pytest.raises(NotNow) as caught:
        await access.one_list(upstream.access, None)
    return caught.value.code


@pytest.mark.parametrize(
    ("kind", "ceiling"), [(Kind.INTERACTIVE, 100), (Kind.NEW, 90), (Kind.REFRESH, 60), (Kind.CATALOGUE, 40)]
)
def test_each_kind_ends_at_its_ceiling(upstream: Upstream, kind: Kind, ceiling: int) -> None:
    assert ledger.room(FRESH._replace(used=ceiling - 1), upstream.terms, kind) == 1
    with pytest.raises(NotNow, match="upstream-quota-exhausted"):
        ledger.room(FRESH._replace(used=ceiling), upstream.terms, kind)


def test_a_place_is_kept_for_people_who_wait(sparing: Sparing) -> None:
    terms = sparing(calls_at_once=3).terms
    assert ledger.room(FRESH._replace(under_way=2), terms, Kind.NEW) == 0
    assert ledger.room(FRESH._replace(under_way=2), terms, Kind.INTERACTIVE) == 1


def test_one_call_at_once_serves_all_kinds(sparing: Sparing) -> None:
    assert ledger.room(FRESH, sparing(calls_at_once=1).terms, Kind.NEW) == 1


def test_a_plan_without_limit_has_no_ceilings(upstream: Upstream) -> None:
    assert ledger.room(FRESH._replace(daily_limit=-1, used=10**6), upstream.terms, Kind.CATALOGUE) > 1


async def test_as_many_calls_as_the_plan_allows_and_no_more(sparing: Sparing) -> None:
    frugal = sparing(daily_limit=3)
    await called(frugal, calls.ANSWERED, 3)
    assert await refused(frugal) == "upstream-quota-exhausted"


async def test_many_processes_at_once_take_no_more_than_is_left(sparing: Sparing) -> None:
    frugal = sparing(daily_limit=7)
    asked = [access.one_list(frugal.access, None) for _ in range(30)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(answer, NotNow) for answer in answers) == 7


async def test_a_call_whose_process_died_stays_counted(upstream: Upstream) -> None:
    await access.one_list(upstream.access, None)
    limited = replace(upstream, terms=replace(upstream.terms, daily_limit=5))
    assert await used(limited) == 1


async def test_a_call_that_was_never_made_is_not_counted(sparing: Sparing) -> None:
    frugal = sparing(daily_limit=5)
    await calls.never_made(frugal.engine, await access.one_list(frugal.access, None))
    assert await used(frugal) == 0


@pytest.mark.parametrize(("hours", "counted"), [(0, 2), (24, 2), (26, 0)])
async def test_without_a_word_from_upstream_a_day_and_an_hour_count(
    sparing: Sparing, sql: Sql, hours: int, counted: int
) -> None:
    frugal = sparing(daily_limit=5)
    await called(frugal, calls.ANSWERED, 2)
    await sql(EARLIER, hours=hours)
    assert await used(frugal) == counted


async def test_an_answer_after_quota_used_up_begins_a_new_day(sparing: Sparing, sql: Sql) -> None:
    frugal = sparing(daily_limit=5)
    await called(frugal, calls.ANSWERED, 3)
    await called(frugal, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    await called(frugal, calls.ANSWERED)
    assert await used(frugal) == 1


async def test_upstreams_refusal_before_our_count_is_full_is_probed(sparing: Sparing, sql: Sql) -> None:
    """The count may be wrong then: nobody need wait until it has run out."""
    frugal = sparing(daily_limit=2)
    await called(frugal, calls.ANSWERED)
    await called(frugal, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    assert (await access.one_list(frugal.access, None)).probe


async def test_what_upstream_says_of_the_key_counts(
    upstream: Upstream, sandbox: RunningSandbox, sparing: Sparing
) -> None:
    sandbox.options.update({"quota": 40})
    await sandbox_used(upstream, 7)
    assert await reconcile(upstream.access, upstream.kinopoisk)
    state = await ledger.look(upstream.engine, sparing(daily_limit=500).terms)
    assert (state.daily_limit, state.used, state.reported) == (40, 7, True)


async def sandbox_used(upstream: Upstream, count: int) -> None:
    """Calls by somebody else with the same key: upstream counts them, our ledger does not."""
    for _ in range(count):
        await upstream.kinopoisk.film(301)


async def test_calls_since_then_are_added(upstream: Upstream, sandbox: RunningSandbox) -> None:
    sandbox.options.update({"quota": 40})
    await sandbox_used(upstream, 7)
    await reconcile(upstream.access, upstream.kinopoisk)
    await called(upstream, calls.ANSWERED, 2)
    assert await used(upstream) == 9


async def test_a_call_under_way_while_upstream_was_asked_is_added(upstream: Upstream, sandbox: RunningSandbox) -> None:
    sandbox.options.update({"quota": 40})
    await access.one_list(upstream.access, None)
    await reconcile(upstream.access, upstream.kinopoisk)
    assert await used(upstream) == 1


async def test_a_call_that_was_over_by_then_is_not_counted_twice(upstream: Upstream, sandbox: RunningSandbox) -> None:
    sandbox.options.update({"quota": 40})
    await called(upstream, calls.ANSWERED)
    await sandbox_used(upstream, 1)
    await reconcile(upstream.access, upstream.kinopoisk)
    assert await used(upstream) == 1


async def test_one_process_asks_for_all(upstream: Upstream, sandbox: RunningSandbox) -> None:
    told = await asyncio.gather(*(reconcile(upstream.access, upstream.kinopoisk) for _ in range(6)))
    assert told.count(True) == 1
    assert (await sandbox.calls())["by_path"] == {"/api/v1/api_keys/{key}": 1}


async def test_a_fall_of_what_is_used_shows_the_new_day(upstream: Upstream, sandbox: RunningSandbox, sql: Sql) -> None:
    sandbox.options.update({"quota": 40})
    await sandbox_used(upstream, 7)
    await reconcile(upstream.access, upstream.kinopoisk)
    await sandbox.forget_calls()
    await sql("UPDATE upstream_budget SET asked_at = NULL")
    await reconcile(upstream.access, upstream.kinopoisk)
    assert await sql("SELECT reset_before = reported_at AND reset_after < reset_before FROM upstream_budget")
    assert await used(upstream) == 0


async def test_a_report_with_calls_left_lets_a_probe_pass_at_once(upstream: Upstream, sandbox: RunningSandbox) -> None:
    await called(upstream, QuotaExhausted.code)
    await reconcile(upstream.access, upstream.kinopoisk)
    assert (await access.one_list(upstream.access, None)).probe


async def test_a_report_from_before_a_refusal_opens_nothing(
    upstream: Upstream, sandbox: RunningSandbox, sql: Sql
) -> None:
    await sandbox.fault("latency", path="other", seconds=0.2)
    reconciling = asyncio.create_task(reconcile(upstream.access, upstream.kinopoisk))
    await eventually(lambda: sql("SELECT EXISTS (SELECT FROM upstream_budget)"))
    await called(upstream, QuotaExhausted.code)
    assert await reconciling
    assert await refused(upstream) == "upstream-quota-exhausted"


async def test_an_old_report_counts_no_more(upstream: Upstream, sandbox: RunningSandbox, sql: Sql) -> None:
    sandbox.options.update({"quota": 40})
    await reconcile(upstream.access, upstream.kinopoisk)
    await sql("UPDATE upstream_budget SET reported_at = now() - interval '2 hours'")
    state = await ledger.look(upstream.engine, upstream.terms)
    assert (state.daily_limit, state.reported) == (-1, False)


async def test_a_report_without_calls_left_lets_nothing_pass(
    upstream: Upstream, sandbox: RunningSandbox, sql: Sql
) -> None:
    sandbox.options.update({"quota": 3})
    await sandbox_used(upstream, 3)
    await called(upstream, QuotaExhausted.code)
    await sql(TIME_IS_OVER)
    await reconcile(upstream.access, upstream.kinopoisk)
    assert await refused(upstream) == "upstream-quota-exhausted"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429, 500])
async def test_where_the_key_may_not_be_asked_for_the_setting_holds(
    sparing: Sparing, sandbox: RunningSandbox, sql: Sql, status: int
) -> None:
    await sandbox.fault("status", path="other", status=status)
    frugal = sparing(daily_limit=123)
    assert not await reconcile(frugal.access, frugal.kinopoisk)
    state = await ledger.look(frugal.engine, frugal.terms)
    assert (state.daily_limit, state.reported) == (123, False)
    assert await sql("SELECT count(*) FROM upstream_gate") == 0


async def test_a_broken_upstream_is_not_asked_for_the_key(upstream: Upstream, sandbox: RunningSandbox) -> None:
    await called(upstream, calls.FAULT, 5)
    assert not await reconcile(upstream.access, upstream.kinopoisk)
    assert (await sandbox.calls())["total"] == 0


async def test_a_users_share_counts_the_calls_of_an_hour(sparing: Sparing, sql: Sql, database: AsyncEngine) -> None:
    user = uuid.uuid4()
    await sql("INSERT INTO user_account VALUES (:id, 'anna', 'anna', '')", id=user)
    frugal = sparing(calls_per_user_hour=2)
    for _ in range(2):
        await access.one_list(frugal.access, user)
    with pytest.raises(NotNow, match="upstream-share-used") as caught:
        await access.one_list(frugal.access, user)
    assert 3590 < caught.value.retry_after <= 3600
    await sql(EARLIER, hours=1)
    await access.one_list(frugal.access, user)


def test_the_window_is_longer_than_a_day_by_as_much_as_a_call_may_be_late(upstream: Upstream) -> None:
    short: Terms = replace(upstream.terms, day_seconds=10, call_seconds=5)
    assert short.window.total_seconds() == 15
