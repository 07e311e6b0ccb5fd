"""Deleting an account: nothing of the user is left, whatever goes on meanwhile."""

import asyncio
import uuid
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from shared.tables import metadata
from tests.client import PASSWORD, Client, Service, eventually, problem


async def delete(client: Client, password: str = PASSWORD) -> Any:
    return await client.send("DELETE", "/profile", json={"password": password})


async def kept_of(database: AsyncEngine, user_id: str) -> dict[str, int]:
    """How many rows of each table hold the id anywhere, of those that do."""
    found = {}
    async with database.connect() as connection:
        for name in metadata.tables:
            rows = text(f'SELECT count(*) FROM "{name}" AS row WHERE row::text LIKE :pattern')
            found[name] = int(await connection.scalar(rows, {"pattern": f"%{user_id}%"}) or 0)
    return {name: count for name, count in found.items() if count}


@pytest.fixture
async def anna_id(anna: Client) -> str:
    """Of Anna, once she has left traces in every table that knows users."""
    own = (await anna.get("/profile")).json()["id"]
    await anna.add(301)
    await anna.hide(302)
    await anna.send("POST", "/movies/303/refresh")
    assert (await anna.get("/movies/search?query=матрица")).status_code == 200
    return str(own)


async def test_nothing_of_the_user_is_left(anna: Client, anna_id: str, database: AsyncEngine) -> None:
    before = await kept_of(database, anna_id)
    assert before.keys() == {"user_account", "session", "favourite", "hidden_film", "film_sync", "upstream_call"}
    assert (await delete(anna)).status_code == 204
    assert await kept_of(database, anna_id) == {}


async def test_not_even_the_ids_of_requests_are_left(anna: Client, database: AsyncEngine) -> None:
    await anna.send("POST", "/movies/favorites", json={"kinopoisk_id": 301}, headers={"X-Request-ID": "annas-own"})
    await delete(anna)
    async with database.connect() as connection:
        row = (await connection.execute(text("SELECT requested_by, request_id, status FROM film_sync"))).one()
    assert tuple(row) == (None, None, "pending")


async def test_others_keep_all_they_have(service: Service, anna: Client, anna_id: str) -> None:
    berta = await service.user("berta")
    await berta.add(301)
    await delete(anna)
    assert await berta.ids() == [301]


async def test_every_token_is_dead_at_once(service: Service, anna: Client, migrated: Servers) -> None:
    other = await service.login("anna")
    await delete(anna)
    with Redis.from_url(migrated.redis.url) as redis:
        redis.flushall()
    for client in (anna, other):
        problem(await client.get("/profile"), 401, "unauthorized")
        problem(await client.send("POST", "/token/renew"), 401, "unauthorized")


async def test_a_wrong_password_deletes_nothing(anna: Client) -> None:
    problem(await delete(anna, "wrong password"), 403, "wrong-password")
    assert (await anna.get("/profile")).status_code == 200


async def test_the_name_is_free_again(service: Service, anna: Client) -> None:
    await anna.add(301)
    await delete(anna)
    assert await (await service.user("anna")).ids() == []


async def test_what_was_shown_is_forgotten(anna: Client, anna_id: str, migrated: Servers) -> None:
    with Redis.from_url(migrated.redis.url) as redis:
        redis.zadd(f"kinoshelf:shown:{anna_id}", {"301": 1})
        await delete(anna)

        async def forgotten() -> bool:
            return not redis.exists(f"kinoshelf:shown:{anna_id}")

        await eventually(forgotten)


async def test_of_two_deletions_at_once_one_succeeds(anna: Client) -> None:
    answers = await asyncio.gather(delete(anna), delete(anna))
    assert sorted(answer.status_code for answer in answers) == [204, 401]


async def test_what_is_added_while_the_account_goes_is_added_or_refused(anna: Client, database: AsyncEngine) -> None:
    adding = (anna.add(film) for film in range(1, 21))
    hiding = (anna.hide(film) for film in range(1, 11))
    refreshing = (anna.send("POST", f"/movies/{film}/refresh") for film in range(101, 106))
    answers = await asyncio.gather(*adding, *hiding, delete(anna), *refreshing)
    assert {answer.status_code for answer in answers} <= {202, 204, 401}
    async with database.connect() as connection:
        left = await connection.scalar(text("SELECT count(*) FROM favourite"))
        asked = await connection.scalar(text("SELECT count(requested_by) FROM film_sync"))
    assert (left, asked) == (0, 0)


async def test_who_logs_in_while_the_account_goes_is_let_in_or_refused(service: Service, anna: Client) -> None:
    who = {"username": "anna", "password": PASSWORD}
    entering = [service.http.post("/login", json=who) for _ in range(8)]
    deleted, *answers = await asyncio.gather(delete(anna), *entering)
    assert deleted.status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 401}
    for answer in answers:
        if answer.status_code == 200:
            problem(await Client(service.http, answer.json()["access_token"]).get("/profile"), 401, "unauthorized")


async def test_who_asks_kinopoisk_while_the_account_goes_is_answered_or_refused(
    anna: Client, anna_id: str, database: AsyncEngine
) -> None:
    asking = [anna.get(f"/movies/{film}") for film in (41519, 41520, 326)]
    asking += [anna.get("/movies/search", params={"query": query}) for query in ("брат", "терминатор")]
    answers = await asyncio.gather(*asking, delete(anna))
    assert {answer.status_code for answer in answers} <= {200, 204, 401, 404}
    assert await kept_of(database, anna_id) == {}


@pytest.mark.parametrize("body", [None, {}, {"password": None}, {"password": 5}, {"password": "x", "all": True}])
async def test_without_a_password_nothing_is_deleted(anna: Client, body: Any) -> None:
    problem(await anna.send("DELETE", "/profile", json=body), 422, "invalid-request")


async def test_a_session_that_was_ended_meanwhile_deletes_nothing(anna: Client, database: AsyncEngine) -> None:
    """The lock that the deletion waits for is held by what ends the session."""
    user_id = uuid.UUID((await anna.get("/profile")).json()["id"])
    async with database.connect() as plain:
        connection = await plain.execution_options(isolation_level="READ COMMITTED")
        await connection.execute(text("SELECT FROM user_account WHERE id = :id FOR UPDATE"), {"id": user_id})
        await connection.execute(text("DELETE FROM session"))
        deletion = asyncio.create_task(delete(anna))
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

        async def waits() -> bool:
            async with database.connect() as other:
                return bool(await other.scalar(waiting))

        await eventually(waits)
        await connection.commit()
    problem(await deletion, 401, "unauthorized")


async def test_a_password_that_is_changed_meanwhile_deletes_nothing(service: Service, anna: Client) -> None:
    """Whichever comes first; by the same session, which the change does not end."""
    body = {"current_password": PASSWORD, "new_password": "another horse, another staple"}
    changing = anna.send("POST", "/profile/password", json=body)
    changed, deleted = await asyncio.gather(changing, delete(anna))
    assert (changed.status_code, deleted.status_code) in {(204, 403), (401, 204)}


async def test_lists_that_were_made_for_the_user_are_forgotten(
    service: Service, anna: Client, anna_id: str, migrated: Servers
) -> None:
    berta = (await (await service.user("berta")).get("/profile")).json()["id"]
    keys = [f"kinoshelf:recommendations:1:{whose}:2-3/:{genre}:5:ru" for whose in (anna_id, berta) for genre in "12"]
    with Redis.from_url(migrated.redis.url) as redis:
        redis.mset(dict.fromkeys(keys, "a list") | {f"kinoshelf:other:{number}": "" for number in range(3_000)})
        await delete(anna)

        async def forgotten() -> bool:
            return not redis.exists(*keys[:2])

        await eventually(forgotten)
        assert redis.exists(*keys[2:]) == 2
        assert not redis.keys(f"*{anna_id}*")
