"""Logging in, renewing, logging out."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from tests.client import PASSWORD, Client, Service, problem
from tests.conftest import Serve


async def test_json_opens_a_session(service: Service) -> None:
    await service.user("anna")
    answer = await service.http.post("/login", json={"username": "Anna", "password": PASSWORD})
    assert shapes.Token.model_validate_json(answer.content).expires_in == 30 * 86_400


async def test_the_oauth2_form_opens_a_session(service: Service) -> None:
    await service.user("anna")
    form = {"grant_type": "password", "username": "anna", "password": PASSWORD, "scope": ""}
    answer = await service.http.post("/login", data=form)
    assert shapes.Token.model_validate_json(answer.content).token_type == "bearer"


async def test_a_password_means_the_same_in_every_composition(service: Service) -> None:
    await service.http.post("/register", json={"username": "anna", "password": "caf\u00e9 au lait"})
    answer = await service.http.post("/login", json={"username": "anna", "password": "cafe\u0301 au lait"})
    assert answer.status_code == 200


@pytest.mark.parametrize("username", ["anna", "nobody", "no such name at all!", "ab"])
async def test_wrong_password_and_unknown_user_look_alike(service: Service, username: str) -> None:
    await service.user("anna")
    answer = await service.http.post("/login", json={"username": username, "password": "wrong password"})
    body = problem(answer, 401, "invalid-credentials")
    del body["request_id"]
    assert body == {
        "type": "/problems/invalid-credentials",
        "title": "Username or password is wrong",
        "status": 401,
        "detail": "Check both and try again.",
        "instance": "/login",
        "code": "invalid-credentials",
    }


async def test_logout_kills_the_token_at_once(anna: Client) -> None:
    assert (await anna.send("POST", "/logout")).status_code == 204
    problem(await anna.get("/profile"), 401, "unauthorized")


async def test_logout_ends_this_session_only(service: Service, anna: Client) -> None:
    other = await service.login("anna")
    await anna.send("POST", "/logout")
    assert (await other.get("/profile")).status_code == 200


async def test_a_renewed_token_serves_the_same_session(service: Service, anna: Client) -> None:
    answer = await anna.send("POST", "/token/renew")
    renewed = Client(service.http, answer.json()["access_token"])
    await renewed.send("POST", "/logout")
    problem(await anna.get("/profile"), 401, "unauthorized")


async def test_renewing_prolongs_the_session(anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE session SET expires_at = now() + interval '1 minute'"))
        await anna.send("POST", "/token/renew")
        days = await connection.scalar(text("SELECT extract(day FROM expires_at - now()) FROM session"))
    assert days == 29


async def test_an_expired_session_serves_no_token(anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE session SET expires_at = now() - interval '1 second'"))
    problem(await anna.get("/profile"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/profile"),
        ("POST", "/logout"),
        ("POST", "/token/renew"),
        ("GET", "/movies/favorites"),
        ("POST", "/movies/favorites"),
        ("GET", "/movies/favorites/301"),
        ("DELETE", "/movies/favorites/301"),
        ("GET", "/movies/search?query=x"),
        ("GET", "/movies/301"),
    ],
)
async def test_without_a_token_nothing_is_served(service: Service, method: str, path: str) -> None:
    answer = await service.http.request(method, path, json={"kinopoisk_id": 301} if method == "POST" else None)
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_one_login_too_many_ends_the_session_used_longest_ago(serve: Serve, database: AsyncEngine) -> None:
    service: Service = await serve(limits={"sessions_per_user": 2})
    first, berta = await service.user("anna"), await service.user("berta")
    second = await service.login("anna")
    async with database.connect() as connection:
        first_id = (await first.get("/profile/sessions")).json()["items"][0]["id"]
        seen_later = text("UPDATE session SET last_seen = now() + interval '1 minute' WHERE id = :id")
        await connection.execute(seen_later, {"id": first_id})
    third = await service.login("anna")
    told = [(await client.get("/profile")).status_code for client in (first, second, third, berta)]
    assert told == [200, 401, 200, 200]


async def test_many_logins_at_once_leave_no_more_sessions_than_allowed(serve: Serve, database: AsyncEngine) -> None:
    service: Service = await serve(limits={"sessions_per_user": 3})
    await service.user("anna")
    clients = await asyncio.gather(*(service.login("anna") for _ in range(10)))
    alive = [(await client.get("/profile")).status_code for client in clients].count(200)
    async with database.connect() as connection:
        assert alive == await connection.scalar(text("SELECT count(*) FROM session")) == 3
