"""The catalogue within its share of the budget: refusals, faults, ceilings, and its loop in the worker."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.sandbox.server import RunningSandbox
from shared.enrichment import collections
from shared.enrichment.catalogue import Steps
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.errors import QuotaExhausted
from shared.settings import Settings
from shared.upstream import access, calls
from shared.upstream.errors import NotNow
from tests.client import Client, eventually
from tests.conftest import changed
from tests.economy.catalogue import COLLECTIONS, SEQUELS, SIMILARS, by_path, like, loader, only
from tests.economy.conftest import Sql, called
from tests.worker_process import Worker
from worker.catalogue import Catalogue

Sparing = Callable[..., Upstream]


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
    steps = Steps(upstream)
    for turn in (0, 3):
        await steps.step(turn)
    rows = "SELECT array_agg((kind || coalesce(kinopoisk_id::text, '')) ORDER BY id) FROM upstream_call"
    assert await sql(rows) == ["catalogue", "catalogue301"]


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
