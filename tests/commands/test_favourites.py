"""Adding and removing favourites."""

import asyncio
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from shared.settings import Settings
from shared.shown_films import Shown, key_of, remember
from shared.wakeup import Waker
from shared.wiring import patient_redis
from tests.client import Client, Service, eventually, problem
from tests.conftest import Serve


async def test_an_added_film_is_pending(anna: Client) -> None:
    answer = await anna.add(301)
    assert answer.status_code == 202
    assert {key: answer.json()[key] for key in ("kinopoisk_id", "status", "film")} == {
        "kinopoisk_id": 301,
        "status": "pending",
        "film": None,
    }


async def test_the_location_answers_with_the_same_item(anna: Client) -> None:
    answer = await anna.add(301)
    assert (await anna.get(answer.headers["location"])).json() == answer.json()


async def test_adding_again_changes_nothing(anna: Client) -> None:
    first = await anna.add(301)
    assert (await anna.add(301)).json() == first.json()


async def test_fifty_equal_adds_at_once_make_one_row(anna: Client, database: AsyncEngine) -> None:
    answers = await asyncio.gather(*(anna.add(301) for _ in range(50)))
    async with database.connect() as connection:
        rows = await connection.scalar(text("SELECT count(*) FROM favourite"))
    assert ({answer.status_code for answer in answers}, rows) == ({202}, 1)


async def test_a_removed_film_is_gone(anna: Client) -> None:
    await anna.add(301)
    assert (await anna.remove(301)).status_code == 204
    assert await anna.ids() == []


async def test_what_is_no_favourite_cannot_be_removed(anna: Client) -> None:
    problem(await anna.remove(301), 404, "favorite-not-found")


async def test_removing_touches_nobody_elses_favourite(service: Service, anna: Client) -> None:
    boris = await service.user("boris")
    await boris.add(301)
    problem(await anna.remove(301), 404, "favorite-not-found")
    assert await boris.ids() == [301]


async def test_a_film_that_came_back_stands_on_top(anna: Client) -> None:
    for film in (301, 302, 303):
        await anna.add(film)
    await anna.remove(301)
    await anna.add(301)
    assert await anna.ids() == [301, 303, 302]


async def test_a_full_list_takes_no_more(serve: Serve) -> None:
    anna = await (await serve(limits={"favorites_per_user": 2})).user("anna")
    await anna.add(301)
    await anna.add(302)
    problem(await anna.add(303), 409, "favorites-limit-reached")


async def test_a_full_list_still_takes_what_it_holds(serve: Serve) -> None:
    anna = await (await serve(limits={"favorites_per_user": 1})).user("anna")
    await anna.add(301)
    assert (await anna.add(301)).status_code == 202


async def test_adding_in_parallel_does_not_overrun_the_limit(serve: Serve) -> None:
    anna = await (await serve(limits={"favorites_per_user": 5})).user("anna")
    answers = await asyncio.gather(*(anna.add(film) for film in range(301, 321)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [409] * 15


async def test_a_refused_film_is_not_wanted_either(serve: Serve, database: AsyncEngine) -> None:
    anna = await (await serve(limits={"favorites_per_user": 1})).user("anna")
    await anna.add(301)
    await anna.add(302)
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM film_sync")) == 1


async def test_the_worker_is_rung_for_only_when_the_row_can_be_seen(
    anna: Client, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[asyncio.Task[Any]] = []

    async def look() -> Any:
        async with database.connect() as connection:
            return await connection.scalar(text("SELECT count(*) FROM favourite"))

    monkeypatch.setattr(Waker, "ring", lambda _: seen.append(asyncio.ensure_future(look())))
    await anna.add(301)
    assert await asyncio.gather(*seen) == [1]


async def test_a_new_favourite_that_was_recommended_was_chosen(anna: Client, settings: Settings) -> None:
    user_id = uuid.UUID((await anna.get("/profile")).json()["id"])
    redis = patient_redis(settings)

    async def show(*films: int) -> None:
        shown = {film: Shown(int(time.time()), "personal", 1) for film in films}
        await redis.call(lambda client: remember(client, [(user_id, shown)]))

    async def left(*films: int) -> None:
        async def are() -> bool:
            found: Any = await redis.call(lambda client: client.zrange(key_of(user_id), 0, -1))
            return [int(film) for film in found] == list(films)

        await eventually(are)

    await show(301, 302)
    await anna.add(301)
    await left(302)
    await show(301)
    await anna.add(301)  # again: it is none that was chosen now
    await anna.add(302)
    await left(301)
    await redis.close()


@pytest.mark.parametrize(("hours", "due"), [(2, True), (0, False)])
async def test_a_film_not_known_an_hour_ago_is_asked_for_again(
    anna: Client, database: AsyncEngine, hours: int, due: bool
) -> None:
    async with database.connect() as connection:
        await connection.execute(
            text("""INSERT INTO film_sync (kinopoisk_id, status, fetched_at, next_attempt_at) VALUES
                (301, 'not_found', now() - make_interval(hours => :hours), now() + interval '5 days')"""),
            {"hours": hours},
        )
        await anna.add(301)
        is_due = await connection.scalar(text("SELECT next_attempt_at <= now() FROM film_sync"))
    assert is_due is due


async def test_adding_again_takes_no_lease_from_who_fetches(anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(
            text("""INSERT INTO film_sync (kinopoisk_id, status, fetched_at, claimed_at, next_attempt_at)
                VALUES (301, 'not_found', now() - interval '1 day', now(), now() + interval '1 minute')""")
        )
        await anna.add(301)
        assert await connection.scalar(text("SELECT next_attempt_at > now() FROM film_sync"))


@pytest.mark.parametrize("fault", ["stop", "pause"])
async def test_without_redis_a_favourite_is_added_and_listed(anna: Client, servers: Servers, fault: str) -> None:
    back = servers.redis.start if fault == "stop" else servers.redis.resume
    getattr(servers.redis, fault)()
    try:
        async with asyncio.timeout(1):
            answer, ids = await anna.add(301), await anna.ids()
        assert (answer.status_code, ids) == (202, [301])
    finally:
        back()
