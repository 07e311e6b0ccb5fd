"""A new signing key in front of the old one: nobody is logged out, until the old one goes."""

from typing import Any

import pytest
from jose import jwt

from shared.settings.service import JwtKey
from tests.client import Client
from tests.conftest import SECRET, Serve

OLD = JwtKey.model_validate({"id": "test", "secret": SECRET})
NEW = JwtKey.model_validate({"id": "new", "secret": SECRET[::-1]})


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.fixture
async def token(serve: Serve) -> str:
    """Anna's, from before."""
    client: Client = await (await serve()).user("anna")
    return client.token


async def test_a_token_of_the_old_key_lives_on(serve: Serve, token: str) -> None:
    rotated = await serve(auth={"jwt_keys": (NEW, OLD)})
    assert (await Client(rotated.http, token).get("/profile")).status_code == 200


async def test_a_renewed_token_is_signed_by_the_new_key(serve: Serve, token: str) -> None:
    rotated = await serve(auth={"jwt_keys": (NEW, OLD)})
    answer = await Client(rotated.http, token).send("POST", "/token/renew")
    renewed: dict[str, Any] = answer.json()
    assert (key_of(token), key_of(renewed["access_token"])) == ("test", "new")


async def test_without_the_old_key_its_tokens_are_refused(serve: Serve, token: str) -> None:
    rotated = await serve(auth={"jwt_keys": (NEW,)})
    assert (await Client(rotated.http, token).get("/profile")).status_code == 401
