"""Registering."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from tests.client import PASSWORD, Service, problem


async def test_an_account_is_shown_as_it_was_typed(service: Service) -> None:
    answer = await service.http.post("/register", json={"username": "Anna.B-1_x@y", "password": PASSWORD})
    assert answer.status_code == 201
    assert shapes.Account.model_validate_json(answer.content).username == "Anna.B-1_x@y"


async def test_nobody_may_keep_the_answer(service: Service) -> None:
    answer = await service.http.post("/register", json={"username": "anna", "password": PASSWORD})
    assert answer.headers["cache-control"] == "no-store"


async def test_case_does_not_make_another_name(service: Service) -> None:
    await service.user("anna")
    problem(
        await service.http.post("/register", json={"username": "ANNA", "password": PASSWORD}), 409, "username-taken"
    )


async def test_of_many_who_want_a_name_at_once_one_gets_it(service: Service) -> None:
    wish = {"username": "anna", "password": PASSWORD}
    answers = await asyncio.gather(*(service.http.post("/register", json=wish) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


@pytest.mark.parametrize("username", ["ab", "a" * 65, "anna b", "аnna", "anna\n", ""])
async def test_a_name_outside_the_rules_is_refused(service: Service, username: str) -> None:
    answer = await service.http.post("/register", json={"username": username, "password": PASSWORD})
    assert problem(answer, 422, "invalid-request")["errors"][0]["location"] == "body.username"


@pytest.mark.parametrize("password", ["short 7", "x" * 129, "я" * 128 + "ё", "é" * 7, "𝔘" * 129])
async def test_a_password_outside_the_rules_is_refused(service: Service, password: str) -> None:
    answer = await service.http.post("/register", json={"username": "anna", "password": password})
    assert problem(answer, 422, "invalid-request")["errors"][0]["location"] == "body.password"


ANY_LETTERS = "".join(chr(9_000 + number) for number in range(128))


@pytest.mark.parametrize("password", ["kq7 vz2h", ANY_LETTERS[:64], ANY_LETTERS], ids=["8", "64", "128"])
async def test_a_password_within_the_rules_is_taken(service: Service, password: str) -> None:
    answer = await service.http.post("/register", json={"username": "anna", "password": password})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "username", ["аnna", "anna\u200b", "ａｎｎａ", "ann\u00e4", "\u212aate", "\u017fam", "anna\u0301"]
)
async def test_no_name_looks_like_another(service: Service, username: str) -> None:
    """Of letters only ASCII ones: none can be mistaken for that of another script, and none is folded into another."""
    answer = await service.http.post("/register", json={"username": username, "password": PASSWORD})
    assert problem(answer, 422, "invalid-request")["errors"][0]["location"] == "body.username"


async def test_the_password_is_stored_as_an_argon2id_hash(service: Service, database: AsyncEngine) -> None:
    await service.user("anna")
    async with database.connect() as connection:
        stored = await connection.scalar(text("SELECT password_hash FROM user_account"))
    assert str(stored).startswith("$argon2id$")
