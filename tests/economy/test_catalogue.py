"""The catalogue: collections page by page, relations, details of what only relations told of; within its share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.sandbox.lists import collection
from dev.sandbox.server import RunningSandbox
from shared.enrichment import collections
from shared.enrichment.catalogue import step
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.errors import QuotaExhausted
from shared.settings import Settings
from shared.upstream import access, calls
from shared.upstream.errors import NotNow
from tests.client import Client, eventually
from tests.conftest import changed
from tests.economy.conftest import Sql, called
from tests.worker_process import Worker
from worker.catalogue import Catalogue

Sparing = Callable[..., Upstream]
LoadAll = Callable[[], Awaitable[None]]

COLLECTIONS, FILMS = "/api/v2.2/films/collections", "/api/v2.2/films/{id}"
SIMILARS, SEQUELS = "/api/v2.2/films/{id}/similars", "/api/v2.1/films/{id}/sequels_and_prequels"
# 65 films: four pages, of which the last has five.
LISTED = list(range(1001, 1066))
LIKED = "INSERT INTO film_sync (kinopoisk_id, status, priority, demand, next_attempt_at) VALUES {}"
MATRIX_FRANCHISE = [63744, 8407, 299, 63745, 316, 1294123]


@pytest.fixture
def one_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, TOP_250_MOVIES=50)


def only(monkeypatch: pytest.MonkeyPatch, **pages: int) -> None:
    """Of all collections these, with so many pages at the most."""
    monkeypatch.setattr(collections, "PAGES", pages)


@pytest.fixture
def no_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)


def loader(upstream: Upstream) -> Catalogue:
    return Catalogue(upstream, enabled=True)


async def by_path(sandbox: RunningSandbox) -> dict[str, int]:
    return dict((await sandbox.calls())["by_path"])


async def films_of(sql: Sql, name: str = "TOP_250_MOVIES") -> list[int]:
    return list(await sql("SELECT films FROM collection WHERE name = :name", name=name))


def as_served(sandbox: RunningSandbox, name: str = "TOP_250_MOVIES") -> list[int]:
    return [film.id for film in collection(sandbox.sandbox.films, name)]


async def like(sql: Sql, *films: int, demand: int = 1) -> None:
    """People have these films, and their details were fetched."""
    for film in films:
        await sql(LIKED.format(f"({film}, 'ready', 1, {demand}, now() + interval '1 day')"))


async def relation(sql: Sql, film: int, kind: str) -> list[int]:
    return list(
        await sql(
            "SELECT related FROM film_relation WHERE kinopoisk_id = :film AND relation = :kind", film=film, kind=kind
        )
    )


# Collections


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


# Refusals, faults, the budget


@pytest.mark.usefixtures("one_collection")
async def test_a_closed_gate_lets_nothing_pass(upstream: Upstream, sandbox: RunningSandbox) -> None:
    await called(upstream, QuotaExhausted.code)
    assert not await loader(upstream).load()
    assert await by_path(sandbox) == {}


@pytest.mark.parametrize("status", [401, 402, 403, 429])
@pytest.mark.usefixtures("one_collection")
async def test_a_refusal_closes_the_gate_and_costs_no_attempt(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, status: int
) -> None:
    await sandbox.fault("status", path="other", status=status)
    assert not await loader(upstream).load()
    assert await sql("SELECT count(*) FROM upstream_gate") == 1
    assert await sql("SELECT attempts = 0 AND next_attempt_at <= now() FROM collection")
    assert await by_path(sandbox) == {COLLECTIONS: 1}


@pytest.mark.parametrize("kind", ["html", "garbage", "drop", "wrong_types", "bad_utf8"])
@pytest.mark.usefixtures("one_collection")
async def test_a_fault_costs_an_attempt_and_a_pause(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, kind: str
) -> None:
    slow = replace(upstream, policy=replace(upstream.policy, retry_base_seconds=60))
    await sandbox.fault(kind, path="other")
    await collections.load_next(slow)
    assert await sql("SELECT attempts FROM collection") == 1
    assert await sql("SELECT outcome FROM upstream_call") == calls.FAULT
    assert await collections.load_next(slow) is None


@pytest.mark.usefixtures("one_collection")
async def test_after_the_last_attempt_a_page_rests_for_a_day(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("html", path="other")
    await sql("INSERT INTO collection (name, attempts) VALUES ('TOP_250_MOVIES', 5)")
    await collections.load_next(upstream)
    assert await sql("SELECT attempts = 0 AND next_attempt_at > now() + interval '19 hours' FROM collection")


@pytest.mark.usefixtures("one_collection")
async def test_at_its_ceiling_the_catalogue_stops_and_people_go_on(sparing: Sparing, sandbox: RunningSandbox) -> None:
    frugal = sparing(daily_limit=10)
    assert not await loader(frugal).load()
    assert await by_path(sandbox) == {COLLECTIONS: 4}
    await called(frugal, calls.ANSWERED, 6)
    with pytest.raises(NotNow):
        await access.one_list(frugal.access, None)


@pytest.mark.usefixtures("no_collections")
async def test_a_part_of_the_share_is_kept_for_favourites(sparing: Sparing, sql: Sql, sandbox: RunningSandbox) -> None:
    frugal = sparing(daily_limit=20)
    await sql("INSERT INTO collection (name, films) VALUES ('FAMILY', '{326,435,448,1,2,3,4,5}')")
    assert await loader(frugal).load()
    assert await by_path(sandbox) == {SEQUELS: 3, SIMILARS: 3}
    await like(sql, 999)
    assert not await loader(frugal).load()
    assert (await sandbox.calls())["by_film"]["999"] == 2


async def test_the_calls_are_the_catalogues(upstream: Upstream, sql: Sql) -> None:
    await like(sql, 301)
    for turn in (0, 3):
        await step(upstream, turn)
    rows = "SELECT array_agg((kind || coalesce(kinopoisk_id::text, '')) ORDER BY id) FROM upstream_call"
    assert await sql(rows) == ["catalogue", "catalogue301"]


# Relations


@pytest.mark.usefixtures("no_collections")
async def test_relations_are_stored_in_their_order(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    for film in MATRIX_FRANCHISE:
        await sandbox.put_film(film)
    await like(sql, 301, 535341)
    await loader(upstream).load()
    assert await relation(sql, 301, "sequel") == MATRIX_FRANCHISE
    similar = [item.film.kinopoisk_id for item in (await upstream.kinopoisk.similars(535341)).films]
    assert await relation(sql, 535341, "similar") == similar != []


@pytest.mark.usefixtures("no_collections")
async def test_what_more_people_have_comes_first(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await like(sql, 301, demand=1)
    await like(sql, 535341, demand=4)
    for turn in range(4):
        await step(upstream, turn * 4)
    log = [(call["path"], call["film"]) for call in (await sandbox.calls())["log"]]
    assert log == [(SEQUELS, 535341), (SIMILARS, 535341), (SEQUELS, 301), (SIMILARS, 301)]


@pytest.mark.usefixtures("no_collections")
async def test_after_favourites_come_the_best_of_the_collections(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sql("INSERT INTO collection (name, films) VALUES ('FAMILY', '{326,435}'), ('X', '{448}')")
    await like(sql, 301)
    for _ in range(8):
        await step(upstream, 0)
    asked = [call["film"] for call in (await sandbox.calls())["log"]]
    assert asked == [301, 301, 326, 326, 448, 448, 435, 435]


@pytest.mark.usefixtures("no_collections")
async def test_an_empty_franchise_and_a_404_are_asked_for_once(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await like(sql, 999_999_999)
    await loader(upstream).load()
    assert await relation(sql, 999_999_999, "sequel") == await relation(sql, 999_999_999, "similar") == []
    assert await by_path(sandbox) == {SEQUELS: 1, SIMILARS: 1}


@pytest.mark.usefixtures("no_collections")
async def test_relations_are_asked_for_again_after_three_months(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await like(sql, 301)
    await loader(upstream).load()
    days = "SELECT min(extract(epoch FROM next_attempt_at - fetched_at))::float8 / 86400 FROM film_relation"
    assert 72 <= await sql(days) <= 108
    await sandbox.forget_calls()
    await sql("UPDATE film_relation SET next_attempt_at = now()")
    await loader(upstream).load()
    assert (await by_path(sandbox))[SEQUELS] == 1


@pytest.mark.usefixtures("no_collections")
async def test_an_empty_answer_takes_nothing_away(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await like(sql, 301)
    await sandbox.fault("status", path="other", status=404)
    await sql("INSERT INTO film_relation (kinopoisk_id, relation, related) VALUES (301, 'sequel', '{1,2}')")
    await step(upstream, 0)
    assert await relation(sql, 301, "sequel") == [1, 2]
    assert await sql("SELECT fetched_at IS NOT NULL FROM film_relation")


@pytest.mark.usefixtures("no_collections")
async def test_two_loops_at_once_ask_for_no_relation_twice(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await like(sql, 301, 303, 308, 310)
    await asyncio.gather(*(loader(upstream).load() for _ in range(3)))
    made = await by_path(sandbox)
    assert (made[SEQUELS], made[SIMILARS]) == (4, 4)


async def test_every_fourth_call_is_for_what_people_have(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await like(sql, 301)
    for turn in range(8):
        await step(upstream, turn)
    paths = [call["path"] for call in (await sandbox.calls())["log"]]
    assert paths == [*[COLLECTIONS] * 3, SEQUELS, *[COLLECTIONS] * 3, SIMILARS]


async def test_without_favourites_collections_are_not_held_up(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    for turn in range(8):
        await step(upstream, turn)
    assert await by_path(sandbox) == {COLLECTIONS: 8}


# Details


@pytest.mark.usefixtures("no_collections")
async def test_what_only_similars_of_a_favourite_told_of_gets_its_details(upstream: Upstream, sql: Sql) -> None:
    await like(sql, 535341)
    await loader(upstream).load()
    told = await relation(sql, 535341, "similar")
    full = await sql("SELECT count(*) FROM film WHERE detail = 'full' AND kinopoisk_id = ANY(:told)", told=told)
    assert full == len(told)


@pytest.mark.parametrize(("films", "fetched"), [(1, 0), (2, 1)])
@pytest.mark.usefixtures("no_collections")
async def test_of_films_that_nobody_has_two_must_tell_of_it(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, films: int, fetched: int
) -> None:
    await sql("INSERT INTO film (kinopoisk_id, document, detail) VALUES (299, '{}', 'summary')")
    for film in range(1, films + 1):
        await sql(
            "INSERT INTO film_relation (kinopoisk_id, relation, related) VALUES (:film, 'similar', '{299}')", film=film
        )
    await loader(upstream).load()
    assert (await by_path(sandbox)).get(FILMS, 0) == fetched


@pytest.mark.usefixtures("no_collections")
async def test_a_film_that_upstream_does_not_know_is_asked_for_once(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await like(sql, 301)
    await sql("INSERT INTO film (kinopoisk_id, document, detail) VALUES (999999999, '{}', 'summary')")
    await sql("INSERT INTO film_relation VALUES (301, 'similar', '{999999999}', now() + interval '1 day')")
    await loader(upstream).load()
    assert (await sandbox.calls())["by_film"]["999999999"] == 1


# The worker


async def test_a_favourite_leads_to_its_franchise(
    anna: Client, settings: Settings, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch)
    monkeypatch.setattr("worker.catalogue.REST_SECONDS", 0.1)
    async with Worker.running(changed(settings, catalogue={"enabled": True})):
        await anna.add(301)
        await eventually(lambda: sql("SELECT cardinality(related) FROM film_relation WHERE relation = 'sequel'"))


async def test_a_worker_begins_at_once(
    database: AsyncEngine, settings: Settings, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, TOP_250_MOVIES=50)
    async with Worker.running(changed(settings, catalogue={"enabled": True})):
        await eventually(lambda: sql("SELECT fetched_at FROM collection"))


async def test_switched_off_it_makes_no_call(upstream: Upstream, sandbox: RunningSandbox) -> None:
    catalogue = Catalogue(upstream, enabled=False)
    running = asyncio.create_task(catalogue.run())
    catalogue.ring()
    catalogue.stop()
    await running
    assert await by_path(sandbox) == {}


@pytest.mark.usefixtures("one_collection")
async def test_stopped_it_finishes_the_call_under_way(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sandbox.fault("latency", path="other", seconds=0.3)
    catalogue = loader(upstream)
    running = asyncio.create_task(catalogue.run())
    catalogue.ring()
    await eventually(lambda: sql("SELECT count(*) > 0 FROM upstream_call"))
    catalogue.stop()
    await running
    assert await sql("SELECT next_page FROM collection") == 2
    assert await sql("SELECT bool_and(ended_at IS NOT NULL) FROM upstream_call")


@pytest.mark.usefixtures("one_collection")
async def test_an_error_costs_a_round_and_not_the_loop(
    upstream: Upstream, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def fail_once(kinopoisk: KinopoiskClient, name: str, page: int) -> Any:
        asked.append(page)
        if len(asked) == 1:
            raise RuntimeError("not foreseen")
        return await collection_page(kinopoisk, name, page)

    collection_page = KinopoiskClient.collection
    monkeypatch.setattr(KinopoiskClient, "collection", fail_once)
    catalogue = loader(upstream)
    running = asyncio.create_task(catalogue.run())
    catalogue.ring()
    await eventually(lambda: sql("SELECT attempts = 1 FROM collection"))
    await sql("UPDATE collection SET next_attempt_at = now()")

    async def rung() -> bool:
        catalogue.ring()
        return bool(await sql("SELECT fetched_at IS NOT NULL FROM collection"))

    await eventually(rung)
    catalogue.stop()
    await running
