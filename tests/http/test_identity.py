"""Calls that take a token or none."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from api.errors import Unauthorized
from api.identity import OPTIONAL, optional_identity
from api.main import make_tokens
from api.tokens import Identity
from shared import wiring
from shared.settings import Settings
from tests.client import Client, problem


@pytest.fixture(autouse=True)
def _bound() -> Iterator[None]:
    with structlog.contextvars.bound_contextvars():
        yield


@pytest.fixture
async def engine(settings: Settings, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    engine = wiring.read_engine(settings, "kinoshelf-test")
    yield engine
    await engine.dispose()


async def identified(settings: Settings, engine: AsyncEngine, *authorization: str) -> Identity | None:
    """Who sends this header, or none."""
    state: dict[str, Any] = {"tokens": make_tokens(settings), "read_engine": engine}
    headers = [(b"authorization", value.encode()) for value in authorization]
    request = Request({"type": "http", "headers": headers, "state": state})
    return await optional_identity(await OPTIONAL(request))


async def test_who_sends_no_token_is_nobody(settings: Settings, engine: AsyncEngine) -> None:
    assert await identified(settings, engine) is None


async def test_who_sends_a_token_is_its_user(settings: Settings, engine: AsyncEngine, anna: Client) -> None:
    identity = await identified(settings, engine, f"Bearer {anna.token}")
    assert identity
    assert str(identity.user_id) == (await anna.get("/profile")).json()["id"]


async def test_a_user_is_named_in_the_log(settings: Settings, engine: AsyncEngine, anna: Client) -> None:
    structlog.contextvars.unbind_contextvars("user_id")
    identity = await identified(settings, engine, f"Bearer {anna.token}")
    assert identity
    assert structlog.contextvars.get_contextvars()["user_id"] == str(identity.user_id)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer garbage", "Basic YW5uYTphbm5h", "garbage"])
async def test_what_is_no_token_is_refused(settings: Settings, engine: AsyncEngine, header: str) -> None:
    with pytest.raises(Unauthorized):
        await identified(settings, engine, header)


async def test_a_token_of_an_ended_session_is_refused(settings: Settings, engine: AsyncEngine, anna: Client) -> None:
    await anna.send("POST", "/logout")
    with pytest.raises(Unauthorized):
        await identified(settings, engine, f"Bearer {anna.token}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/movies/favorites?limit=0"),
        ("GET", "/movies/favorites?cursor=bad"),
        ("GET", "/movies/favorites/0"),
        ("GET", "/movies/hidden?limit=0"),
        ("GET", "/movies/0"),
        ("POST", "/movies/favorites"),
        ("DELETE", "/movies/favorites/0"),
        ("DELETE", "/movies/hidden/0"),
    ],
)
async def test_an_ended_session_is_told_before_anything_else_that_is_wrong(
    anna: Client, method: str, path: str
) -> None:
    assert (await anna.send(method, path)).status_code == 422
    await anna.send("POST", "/logout")
    problem(await anna.send(method, path), 401, "unauthorized")
