"""Which film goes first: fair between users, then what people have and look at, the dead last."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.enrichment import claims, forecast
from shared.enrichment.upstream import Upstream
from shared.settings import Settings
from shared.upstream.terms import Kind
from tests.client import Client, Service
from worker.jobs.films import move_up
from worker.main import opened

Sql = Callable[..., Awaitable[Any]]


async def order(upstream: Upstream, kind: Kind, count: int) -> list[int]:
    """The films in the order in which they are claimed."""
    films: list[int] = []
    while len(films) < count and (claimed := await claims.claim_due(upstream, kind, 1)):
        films += [claim.kinopoisk_id for _, claim in claimed]
    return films


async def test_many_films_of_one_user_starve_nobody(upstream: Upstream, service: Service) -> None:
    anna, boris = await service.user("anna"), await service.user("boris")
    for film in range(1, 31):
        await anna.add(film)
    for film in range(101, 104):
        await boris.add(film)
    assert {101, 102, 103} <= set(await order(upstream, Kind.NEW, 7))


async def test_a_users_own_films_come_in_the_order_of_the_wishes(upstream: Upstream, anna: Client) -> None:
    for film in (5, 3, 9):
        await anna.add(film)
    assert await order(upstream, Kind.NEW, 3) == [5, 3, 9]


async def test_a_film_deep_in_anothers_list_comes_as_early_as_ones_own_would(
    upstream: Upstream, service: Service
) -> None:
    anna, boris = await service.user("anna"), await service.user("boris")
    for film in range(1, 31):
        await anna.add(film)
    await boris.add(30)
    assert 30 in await order(upstream, Kind.NEW, 2)


async def test_a_film_that_nobody_waited_for_is_waited_for_once_somebody_adds_it(
    upstream: Upstream, anna: Client, sql: Sql
) -> None:
    await sql("INSERT INTO film_sync (kinopoisk_id, priority, demand) VALUES (7, 2, -1)")
    await anna.add(7)
    assert await order(upstream, Kind.NEW, 1) == [7]


async def test_a_film_added_while_it_is_fetched_for_nobody_is_waited_for_if_that_fails(
    upstream: Upstream, anna: Client, sql: Sql
) -> None:
    await sql(
        """INSERT INTO film_sync (kinopoisk_id, priority, demand, claimed_at, claim_seq, attempts, next_attempt_at)
        VALUES (7, 2, -1, now(), 1, 1, now() + interval '5 seconds')"""
    )
    await anna.add(7)
    await sql("UPDATE film_sync SET claimed_at = NULL, next_attempt_at = now()")
    assert await order(upstream, Kind.NEW, 1) == [7]


async def test_what_is_left_of_a_list_moves_up(
    upstream: Upstream, service: Service, settings: Settings, sql: Sql
) -> None:
    anna, boris = await service.user("anna"), await service.user("boris")
    for film in (1, 2, 3):
        await anna.add(film)
    await sql("UPDATE film_sync SET priority = 1, requested_by = NULL, rank = 0 WHERE kinopoisk_id < 3")
    for film in (11, 12):
        await boris.add(film)
    async with opened(settings) as context:
        assert await move_up(context) == 1
    assert await order(upstream, Kind.NEW, 1) == [3]


async def test_a_film_that_is_there_counts_no_more(upstream: Upstream, anna: Client, sql: Sql) -> None:
    await anna.add(1)
    await sql("UPDATE film_sync SET status = 'ready', priority = 1, requested_by = NULL, rank = 0")
    await anna.add(2)
    assert await sql("SELECT rank FROM film_sync WHERE kinopoisk_id = 2") == 0


async def test_a_film_that_others_wait_for_already_keeps_its_place(
    upstream: Upstream, service: Service, sql: Sql
) -> None:
    anna, boris = await service.user("anna"), await service.user("boris")
    await anna.add(1)
    await boris.add(2)
    await boris.add(1)
    assert await sql("SELECT rank FROM film_sync WHERE kinopoisk_id = 1") == 0


async def test_an_unknown_film_asked_for_again_is_waited_for(upstream: Upstream, anna: Client, sql: Sql) -> None:
    await sql(
        """INSERT INTO film_sync (kinopoisk_id, status, priority, demand, fetched_at, next_attempt_at)
        VALUES (7, 'not_found', 2, -1, now() - interval '2 hours', now() + interval '7 days')"""
    )
    await anna.add(7)
    assert await order(upstream, Kind.NEW, 1) == [7]


REFRESH = """
    INSERT INTO film_sync (kinopoisk_id, status, priority, demand, next_attempt_at)
    VALUES (:film, :status, :priority, :demand, now() - make_interval(hours => :hours))
"""


async def due(sql: Sql, film: int, demand: int, hours: int, status: str = "ready") -> None:
    priority = 1 if status == "ready" else 2
    await sql(REFRESH, film=film, status=status, priority=priority, demand=demand, hours=hours)


async def test_what_people_have_is_refreshed_first_and_the_longest_due_of_those(upstream: Upstream, sql: Sql) -> None:
    for film, demand, hours in ((1, 0, 90), (2, 7, 1), (3, 7, 2), (4, 3, 50)):
        await due(sql, film, demand, hours)
    assert await order(upstream, Kind.REFRESH, 4) == [3, 2, 4, 1]


async def test_dead_films_come_last(upstream: Upstream, sql: Sql) -> None:
    await due(sql, 1, -1, 500, "not_found")
    await due(sql, 2, 0, 1)
    assert await order(upstream, Kind.REFRESH, 2) == [2, 1]


async def test_a_film_that_is_not_due_is_not_claimed(upstream: Upstream, sql: Sql) -> None:
    await due(sql, 1, 7, -1)
    assert await order(upstream, Kind.REFRESH, 1) == []


async def test_demand_grows_with_favourites_and_looks(upstream: Upstream, anna: Client, sql: Sql) -> None:
    for film, views in ((1, 0), (2, 0), (3, 70)):
        await due(sql, film, 0, 1)
        await sql("UPDATE film_sync SET views = :views WHERE kinopoisk_id = :film", views=views, film=film)
    await anna.add(2)
    await forecast.reckon(upstream.engine, upstream.terms, fade=0.5)
    rows = await sql("SELECT json_object_agg(kinopoisk_id, demand) FROM film_sync")
    assert rows == {"1": 0, "2": 1, "3": 3}


async def test_looks_fade(upstream: Upstream, sql: Sql) -> None:
    await due(sql, 1, 0, 1)
    await sql("UPDATE film_sync SET views = 8")
    await forecast.reckon(upstream.engine, upstream.terms, fade=0.5)
    assert await sql("SELECT views FROM film_sync") == 4


@pytest.mark.parametrize(("wanted_days", "stretch"), [(1.0, 1.0), (0.001, 3.3)])
async def test_refreshes_are_put_off_until_they_fit_the_budget(
    upstream: Upstream, sql: Sql, wanted_days: float, stretch: float
) -> None:
    """A thousand refreshes a day do not fit into 60 % of 500 calls."""
    await due(sql, 1, 0, 1)
    await sql("UPDATE film_sync SET refresh_days = :days", days=wanted_days)
    await sql("INSERT INTO upstream_budget (reported_limit, reported_used, reported_at) VALUES (500, 0, now())")
    made = await forecast.reckon(upstream.engine, upstream.terms, fade=1)
    assert made.stretch == pytest.approx(stretch, abs=0.05)


async def test_calls_for_people_leave_less_for_refreshes(upstream: Upstream, sql: Sql) -> None:
    await sql("INSERT INTO upstream_call (kind) SELECT 'interactive' FROM generate_series(1, 100)")
    await sql("INSERT INTO upstream_budget (reported_limit, reported_used, reported_at) VALUES (500, 0, now())")
    assert (await forecast.reckon(upstream.engine, upstream.terms, fade=1)).left == 200


async def test_a_stretched_film_is_due_later_and_stale_no_later(upstream: Upstream, anna: Client, sql: Sql) -> None:
    await sql("INSERT INTO upstream_budget (refresh_stretch) VALUES (10)")
    await anna.get("/movies/301")
    seconds = "SELECT extract(epoch FROM {} - now())::float8 / 86400 FROM film_sync"
    assert await sql(seconds.format("next_attempt_at")) > 400
    assert await sql(seconds.format("fresh_until")) < 80
