"""Similar films and franchises of what people have, and details of films that only those lists told of."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from dev.sandbox.server import RunningSandbox
from shared.enrichment import claims, details, forecast
from shared.enrichment.ahead import AT_ONCE, Ahead
from shared.enrichment.catalogue import Steps
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream.terms import Kind
from tests.economy.catalogue import COLLECTIONS, FILMS, SEQUELS, SIMILARS, by_path, like, loader, relation
from tests.economy.conftest import Sql

TOLD = "INSERT INTO film_relation VALUES (301, :kind, :related, now() + interval '1 day')"
MATRIX_FRANCHISE = [63744, 8407, 299, 63745, 316, 1294123]


async def told_of(sql: Sql, film: int) -> None:
    """Of this film only the similar films of a favourite tell; no relation is due."""
    await like(sql, 301)
    await sql("INSERT INTO film (kinopoisk_id, document, detail) VALUES (:film, '{}', 'summary')", film=film)
    for kind, related in ("similar", [film]), ("sequel", []):
        await sql(TOLD, kind=kind, related=related)


async def describe(upstream: Upstream) -> str | None:
    """Fetch the details of the first film that is worth it."""
    return await details.load_next(upstream, Ahead(lambda: details.find(upstream, favourites_only=False)))


async def refresh(upstream: Upstream, sql: Sql, film: int) -> None:
    await sql("UPDATE film_sync SET next_attempt_at = now() WHERE kinopoisk_id = :film", film=film)
    for call, claim in await claims.claim_due(upstream, Kind.REFRESH, 1):
        await enrich(upstream, call, claim)


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
    steps = Steps(upstream)
    for turn in range(4):
        await steps.step(turn * 4)
    log = [(call["path"], call["film"]) for call in (await sandbox.calls())["log"]]
    assert log == [(SEQUELS, 535341), (SIMILARS, 535341), (SEQUELS, 301), (SIMILARS, 301)]


@pytest.mark.usefixtures("no_collections")
async def test_after_favourites_come_the_best_of_the_collections(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    await sql("INSERT INTO collection (name, films) VALUES ('FAMILY', '{326,435}'), ('X', '{448}')")
    await like(sql, 301)
    steps = Steps(upstream)
    for _ in range(8):
        await steps.step(0)
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
    await Steps(upstream).step(0)
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
    steps = Steps(upstream)
    for turn in range(8):
        await steps.step(turn)
    paths = [call["path"] for call in (await sandbox.calls())["log"]]
    assert paths == [*[COLLECTIONS] * 3, SEQUELS, *[COLLECTIONS] * 3, SIMILARS]


async def test_without_favourites_collections_are_not_held_up(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox
) -> None:
    steps = Steps(upstream)
    for turn in range(8):
        await steps.step(turn)
    assert await by_path(sandbox) == {COLLECTIONS: 8}


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
    await told_of(sql, 999_999_999)
    await loader(upstream).load()
    assert (await sandbox.calls())["by_film"]["999999999"] == 1


@pytest.mark.parametrize(("status", "done"), [(200, "films"), (404, "missed"), (500, "missed")])
@pytest.mark.usefixtures("no_collections")
async def test_only_details_that_were_stored_are_a_film_loaded(
    upstream: Upstream, sql: Sql, sandbox: RunningSandbox, status: int, done: str
) -> None:
    if status != 200:
        await sandbox.fault("status", film=299, status=status)
    await told_of(sql, 299)
    assert await describe(upstream) == done


@pytest.mark.usefixtures("no_collections")
async def test_after_a_fault_nobody_waits_for_it(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await sandbox.fault("html", film=299)
    await told_of(sql, 299)
    await describe(upstream)
    await sql("UPDATE film_sync SET next_attempt_at = now() WHERE kinopoisk_id = 299")
    assert (await claims.find_due(upstream.engine, Kind.NEW, 1)).films == 0
    assert (await claims.find_due(upstream.engine, Kind.REFRESH, 1)).films == 1


@pytest.mark.usefixtures("no_collections")
async def test_a_film_that_nobody_has_puts_off_no_refreshes(upstream: Upstream, sql: Sql) -> None:
    await told_of(sql, 299)
    await describe(upstream)
    await refresh(upstream, sql, 299)
    assert (await forecast.reckon(upstream.engine, upstream.terms, fade=1)).wanted == 0


@pytest.mark.usefixtures("no_collections")
async def test_once_people_have_it_its_refreshes_count(upstream: Upstream, sql: Sql) -> None:
    await told_of(sql, 299)
    await describe(upstream)
    await sql("UPDATE film_sync SET demand = 1")
    await refresh(upstream, sql, 299)
    assert (await forecast.reckon(upstream.engine, upstream.terms, fade=1)).wanted > 0


@pytest.mark.usefixtures("no_collections")
async def test_a_look_at_all_films_serves_many_calls(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await like(sql, *range(1, AT_ONCE + 1))
    looks: list[str] = []

    def note(*executed: Any) -> None:
        if "kinds (relation)" in executed[2]:
            looks.append(executed[2])

    event.listen(upstream.engine.sync_engine, "before_cursor_execute", note)
    steps = Steps(upstream)
    for _ in range(2 * AT_ONCE):
        assert await steps.step(0)
    made = await by_path(sandbox)
    assert (made[SEQUELS], made[SIMILARS], len(looks)) == (AT_ONCE, AT_ONCE, 2)


@pytest.mark.usefixtures("no_collections")
async def test_what_fell_due_since_the_latest_look_is_found_before_a_rest(upstream: Upstream, sql: Sql) -> None:
    steps = Steps(upstream)
    for film in (999_999_998, 999_999_999):
        await like(sql, film)
        assert [await steps.step(0), await steps.step(0)] == ["relations", "relations"]
