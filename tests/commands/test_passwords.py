"""Changing the password."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.passwords import Passwords
from tests.client import PASSWORD, Client, Service, problem
from tests.conftest import Serve

NEW = "another horse, another staple"


async def change(client: Client, current: str = PASSWORD, new: str = NEW) -> int:
    body = {"current_password": current, "new_password": new}
    return (await client.send("POST", "/profile/password", json=body)).status_code


async def login(service: Service, password: str) -> int:
    return (await service.http.post("/login", json={"username": "anna", "password": password})).status_code


async def test_the_new_password_counts_and_the_old_one_no_more(service: Service, anna: Client) -> None:
    assert await change(anna) == 204
    assert (await login(service, NEW), await login(service, PASSWORD)) == (200, 401)


async def test_all_other_sessions_are_dead_at_once(service: Service, anna: Client) -> None:
    others = [await service.login("anna") for _ in range(3)]
    await change(anna)
    for other in others:
        problem(await other.get("/profile"), 401, "unauthorized")


async def test_the_own_session_and_those_of_others_go_on(service: Service, anna: Client) -> None:
    berta = await service.user("berta")
    await change(anna)
    assert [(await client.get("/profile")).status_code for client in (anna, berta)] == [200, 200]


async def test_a_wrong_password_changes_nothing(service: Service, anna: Client) -> None:
    other = await service.login("anna")
    answer = await anna.send(
        "POST", "/profile/password", json={"current_password": "wrong password", "new_password": NEW}
    )
    problem(answer, 403, "wrong-password")
    assert (await login(service, PASSWORD), (await other.get("/profile")).status_code) == (200, 200)


@pytest.mark.parametrize(
    "new", ["short 7", "x" * 129, "qwerty123456", "Anna1990!", "пароль2020", "nul\x00 in the middle"]
)
async def test_the_rules_are_those_of_registering(service: Service, anna: Client, new: str) -> None:
    answer = await anna.send("POST", "/profile/password", json={"current_password": PASSWORD, "new_password": new})
    changed = problem(answer, 422, "invalid-request")["errors"]
    registered = problem(
        await service.http.post("/register", json={"username": "Anna", "password": new}), 422, "invalid-request"
    )["errors"]
    assert [error["location"] for error in (*changed, *registered)] == ["body.new_password", "body.password"]
    assert changed[0]["message"] == registered[0]["message"]


async def test_the_username_is_no_password(serve: Serve) -> None:
    service: Service = await serve()
    wish = {"username": "Trixie.Lindgren", "password": "trixie.lindgren"}
    assert problem(await service.http.post("/register", json=wish), 422, "invalid-request")["errors"] == [
        {"location": "body.password", "code": "value-error", "message": "must not be the username"}
    ]


async def test_of_two_sessions_that_change_it_at_once_one_survives(service: Service, anna: Client) -> None:
    other = await service.login("anna")
    answers = await asyncio.gather(change(anna, new=NEW), change(other, new=NEW + " too"))
    assert sorted(answers) == [204, 401]


async def test_no_login_with_the_old_password_outlives_the_change(service: Service, anna: Client) -> None:
    async def enter() -> Client | None:
        answer = await service.http.post("/login", json={"username": "anna", "password": PASSWORD})
        return Client(service.http, answer.json()["access_token"]) if answer.status_code == 200 else None

    entering = [asyncio.create_task(enter()) for _ in range(8)]
    assert await change(anna) == 204
    for client in await asyncio.gather(*entering):
        if client:
            problem(await client.get("/profile"), 401, "unauthorized")


async def test_a_hash_of_other_parameters_is_made_anew_at_login(
    serve: Serve, anna: Client, database: AsyncEngine
) -> None:
    stronger: Service = await serve(auth={"argon2_rounds": 2})
    await stronger.login("anna")
    async with database.connect() as connection:
        stored = await connection.scalar(text("SELECT password_hash FROM user_account"))
    assert "t=2" in str(stored)
    assert (await anna.get("/profile")).status_code == 200, "no session is ended by it"


async def test_of_many_logins_that_renew_a_hash_at_once_none_is_refused(serve: Serve, anna: Client) -> None:
    stronger: Service = await serve(auth={"argon2_rounds": 2})
    assert await asyncio.gather(*(login(stronger, PASSWORD) for _ in range(6))) == [200] * 6


async def test_a_wrong_password_makes_no_hash_anew(serve: Serve, anna: Client, database: AsyncEngine) -> None:
    stronger: Service = await serve(auth={"argon2_rounds": 2})
    assert await login(stronger, "wrong password") == 401
    async with database.connect() as connection:
        stored = await connection.scalar(text("SELECT password_hash FROM user_account"))
    assert "t=1" in str(stored)


async def test_of_several_changes_at_once_one_succeeds(service: Service, anna: Client) -> None:
    """The others proved a password that then was the old one."""
    wanted = [f"another horse, staple {number}" for number in range(3)]
    told = await asyncio.gather(*(change(anna, new=new) for new in wanted))
    assert sorted(told) == [204, 403, 403]
    assert [await login(service, new) for new in wanted] == [200 if status == 204 else 401 for status in told]


@pytest.mark.parametrize(("method", "path"), [("POST", "/profile/password"), ("DELETE", "/profile")])
async def test_who_logs_in_and_gets_a_better_hash_meanwhile_hinders_nothing(
    method: str, path: str, service: Service, anna: Client, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still the same password: it is verified once more."""
    async with database.connect() as connection:
        first = await connection.scalar(text("SELECT password_hash FROM user_account"))
        berta = await service.user("berta")
        await berta.send("POST", "/profile/password", json={"current_password": PASSWORD, "new_password": NEW})
        await berta.send("POST", "/profile/password", json={"current_password": NEW, "new_password": PASSWORD})
        same = text("SELECT password_hash FROM user_account WHERE username = 'berta'")
        second = await connection.scalar(same)
    assert first != second
    verify, verified = Passwords.verify, []

    async def upgraded_meanwhile(self: Passwords, password: str, stored: str | None) -> bool:
        fits = await verify(self, password, stored)
        verified.append(stored)
        async with database.connect() as connection:
            better = text("UPDATE user_account SET password_hash = :hash WHERE username = 'anna'")
            await connection.execute(better, {"hash": second})
        return fits

    monkeypatch.setattr(Passwords, "verify", upgraded_meanwhile)
    sent = {"password": PASSWORD} if method == "DELETE" else {"current_password": PASSWORD, "new_password": NEW}
    assert (await anna.send(method, path, json=sent)).status_code == 204
    assert verified == [first, second]
