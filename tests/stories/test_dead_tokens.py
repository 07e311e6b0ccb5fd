"""A token that died stays dead, and what should live lives, when Redis forgets and time goes by."""

from collections.abc import Awaitable, Callable

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from tests.client import PASSWORD, Client, Service, problem

NEW_PASSWORD = "another horse, another staple"
End = Callable[[Service, Client], Awaitable[object]]


async def by_logout(service: Service, anna: Client) -> None:
    await anna.send("POST", "/logout")


async def by_a_new_password_elsewhere(service: Service, anna: Client) -> None:
    elsewhere = await service.login("anna")
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await elsewhere.send("POST", "/profile/password", json=change)).status_code == 204


async def by_deletion(service: Service, anna: Client) -> None:
    assert (await anna.send("DELETE", "/profile", json={"password": PASSWORD})).status_code == 204


@pytest.mark.parametrize("end", [by_logout, by_a_new_password_elsewhere, by_deletion])
async def test_a_dead_token_stays_dead_when_redis_forgets(
    service: Service, anna: Client, servers: Servers, end: End
) -> None:
    await end(service, anna)
    with Redis.from_url(servers.redis.url) as redis:
        redis.flushall()
    problem(await anna.get("/profile"), 401, "unauthorized")


async def test_an_old_password_still_opens(service: Service, anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE user_account SET created_at = now() - interval '10 years'"))
    assert (await (await service.login("anna")).get("/profile")).status_code == 200
