"""Collections: page by page in their order, safe to kill and to run twice, again after a month."""

import asyncio

import pytest

from dev.sandbox.server import RunningSandbox
from shared.enrichment import collections
from shared.enrichment.upstream import Upstream
from tests.client import eventually
from tests.economy.catalogue import COLLECTIONS, as_served, by_path, films_of, only
from tests.economy.conftest import Sql

# Films that were in an earlier round.
LISTED = list(range(1001, 1066))


@pytest.mark.usefixtures("one_collection")
async def test_a_collection_is_loaded_in_its_order(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    while await collections.load_next(upstream):
        pass
    assert await films_of(sql) == as_served(sandbox)
    assert await by_path(sandbox) == {COLLECTIONS: 13}


@pytest.mark.usefixtures("one_collection")
async def test_its_films_are_kept_as_summaries(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await collections.load_next(upstream)
    stored = "SELECT array_agg(kinopoisk_id) FROM film WHERE detail = 'summary' AND genres <> '{}' AND rating > 0"
    assert sorted(await sql(stored)) == sorted(as_served(sandbox)[:20])
    assert await sql("SELECT count(*) FROM film_sync") == 0


async def test_the_first_pages_of_the_best_come_first(upstream: Upstream, sql: Sql) -> None:
    order = []
    for _ in range(4):
        await collections.load_next(upstream)
        order.append(await sql("SELECT name FROM collection ORDER BY next_attempt_at DESC LIMIT 1"))
    assert order == [*collections.BEST, next(iter(collections.BEST))]


async def test_breadth_follows_the_best(upstream: Upstream, sql: Sql) -> None:
    for name in collections.BEST:
        await sql("INSERT INTO collection (name, next_attempt_at) VALUES (:name, now() + interval '1 day')", name=name)
    await collections.load_next(upstream)
    assert await films_of(sql, next(iter(collections.BREADTH)))


async def test_a_collection_ends_at_its_last_page(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, TOP_POPULAR_ALL=2)
    while await collections.load_next(upstream):
        pass
    assert await films_of(sql, "TOP_POPULAR_ALL") == as_served(sandbox, "TOP_POPULAR_ALL")[:40]


async def test_an_empty_collection_is_loaded_with_one_call(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, VAMPIRE_THEME=50)
    while await collections.load_next(upstream):
        pass
    assert await films_of(sql, "VAMPIRE_THEME") == []
    assert await by_path(sandbox) == {COLLECTIONS: 1}


async def test_films_without_a_rating_are_films(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, CLOSES_RELEASES=1)
    await sandbox.put_film(301, ratingKinopoisk=None)
    await collections.load_next(upstream)
    assert 301 in await films_of(sql, "CLOSES_RELEASES")
    assert await sql("SELECT rating IS NULL FROM film WHERE kinopoisk_id = 301")


@pytest.mark.usefixtures("one_collection")
async def test_an_odd_item_neither_hides_the_others_nor_ends_the_collection(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    first = as_served(sandbox)[0]
    await sandbox.put_film(first, nameEn=["no", "text"])
    await collections.load_next(upstream)
    assert await films_of(sql) == as_served(sandbox)[1:20]
    assert await sql("SELECT next_page FROM collection") == 2


@pytest.mark.usefixtures("one_collection")
async def test_two_loops_at_once_call_no_page_twice(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    async def all_pages() -> None:
        while await collections.load_next(upstream):
            pass

    await asyncio.gather(*(all_pages() for _ in range(3)))
    await eventually(lambda: sql("SELECT next_page = 1 FROM collection"))
    assert await by_path(sandbox) == {COLLECTIONS: 13}
    assert await films_of(sql) == as_served(sandbox)


@pytest.mark.usefixtures("one_collection")
async def test_a_page_whose_loader_was_killed_is_loaded_when_the_lease_ends(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await collections.load_next(upstream)
    await sandbox.fault("latency", path="other", seconds=30)
    killed = asyncio.create_task(collections.load_next(upstream))
    await eventually(lambda: sql("SELECT attempts = 1 FROM collection"))
    killed.cancel()
    await asyncio.wait([killed])
    await sandbox.clear()
    assert await collections.load_next(upstream) is None
    await sql("UPDATE collection SET next_attempt_at = now()")
    await collections.load_next(upstream)
    assert await films_of(sql) == as_served(sandbox)[:40]


@pytest.mark.usefixtures("one_collection")
async def test_a_page_that_comes_after_another_loaded_it_changes_nothing(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    page = collections.CollectionPage("TOP_250_MOVIES", 1)
    answer = await page.ask(upstream.kinopoisk)
    await collections.load_next(upstream)
    async with upstream.engine.begin() as connection:
        await page.keep(connection, upstream.policy, answer)
    assert await sql("SELECT next_page FROM collection") == 2


@pytest.mark.usefixtures("one_collection")
async def test_it_is_loaded_again_after_a_month_and_not_before(upstream: Upstream, sql: Sql) -> None:
    while await collections.load_next(upstream):
        pass
    days = "SELECT extract(epoch FROM next_attempt_at - fetched_at)::float8 / 86400 FROM collection"
    assert 24 <= await sql(days) <= 36
    await sql("UPDATE collection SET next_attempt_at = now()")
    assert await collections.load_next(upstream) == "pages"


async def loaded_before(sql: Sql, films: list[int]) -> None:
    await sql("INSERT INTO collection (name, films, fetched_at) VALUES ('TOP_250_MOVIES', :films, now())", films=films)


@pytest.mark.usefixtures("one_collection")
async def test_behind_the_pages_of_a_new_round_the_old_order_stays(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    served = as_served(sandbox)
    old = list(reversed(served))
    await loaded_before(sql, old)
    await collections.load_next(upstream)
    assert await films_of(sql) == [*served[:20], *(film for film in old if film not in served[:20])]


@pytest.mark.usefixtures("one_collection")
async def test_at_the_end_of_a_new_round_what_left_the_collection_is_gone(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await loaded_before(sql, LISTED)
    while await collections.load_next(upstream):
        pass
    assert await films_of(sql) == as_served(sandbox)


async def test_a_collection_that_comes_back_empty_is_kept(
    upstream: Upstream, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, VAMPIRE_THEME=50)
    await sql("INSERT INTO collection (name, films) VALUES ('VAMPIRE_THEME', '{1,2}')")
    await collections.load_next(upstream)
    assert await films_of(sql, "VAMPIRE_THEME") == [1, 2]


@pytest.mark.usefixtures("one_collection")
async def test_a_page_whose_loaders_all_died_rests_and_then_costs_one_call_a_day(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, alarms: list[str]
) -> None:
    await collections.load_next(upstream)
    await sql("UPDATE collection SET attempts = 6, next_attempt_at = now()")
    assert await collections.load_next(upstream) == "missed"
    assert await by_path(sandbox) == {COLLECTIONS: 1}
    assert await sql("SELECT attempts = 5 AND next_attempt_at > now() + interval '19 hours' FROM collection")
    assert alarms == ["list-abandoned"]
    await sql("UPDATE collection SET attempts = 6, next_attempt_at = now()")
    assert await collections.load_next(upstream) == "missed"
    assert await sql("SELECT count(*) FROM upstream_call") == 1


@pytest.mark.usefixtures("one_collection")
async def test_a_page_that_was_abandoned_is_clean_after_an_answer(upstream: Upstream, sql: Sql) -> None:
    await collections.load_next(upstream)
    await sql("UPDATE collection SET attempts = 5, next_attempt_at = now()")
    assert await collections.load_next(upstream) == "pages"
    assert await sql("SELECT attempts FROM collection") == 0
