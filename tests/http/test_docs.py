"""What /docs and /openapi.json tell, and that the service keeps to it."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from tests.client import Client, Service
from tests.declared import Declared

CALLS = {
    ("post", "/register"),
    ("post", "/login"),
    ("post", "/token/renew"),
    ("post", "/logout"),
    ("get", "/profile"),
    ("post", "/profile/password"),
    ("get", "/profile/sessions"),
    ("delete", "/profile/sessions/{session_id}"),
    ("get", "/profile/export"),
    ("delete", "/profile"),
    ("post", "/movies/favorites"),
    ("get", "/movies/favorites"),
    ("get", "/movies/favorites/{kinopoisk_id}"),
    ("delete", "/movies/favorites/{kinopoisk_id}"),
    ("put", "/movies/hidden/{kinopoisk_id}"),
    ("delete", "/movies/hidden/{kinopoisk_id}"),
    ("get", "/movies/hidden"),
    ("get", "/movies/search"),
    ("get", "/movies/{kinopoisk_id}"),
    ("post", "/movies/{kinopoisk_id}/refresh"),
    ("get", "/genres"),
    ("get", "/recommendations"),
    ("get", "/status/upstream"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
}


@pytest.fixture
async def openapi(service: Service) -> dict[str, Any]:
    return dict((await service.http.get("/openapi.json")).json())


def operations(openapi: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(verb, path): call for path, calls in openapi["paths"].items() for verb, call in calls.items()}


async def test_every_call_is_described(openapi: dict[str, Any]) -> None:
    assert operations(openapi).keys() == CALLS


async def test_every_problem_has_an_example_under_its_own_media_type(openapi: dict[str, Any]) -> None:
    for call in operations(openapi).values():
        for status, answer in call["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"]
                assert answer["content"]["application/problem+json"]["examples"]


async def test_what_needs_a_token_says_so(openapi: dict[str, Any]) -> None:
    signed_in = {path for (_, path), call in operations(openapi).items() if {} not in call.get("security", [{}])}
    assert signed_in == {path for _, path in CALLS if re.match("/(movies|profile|logout|token|status)", path)}


async def test_every_reference_leads_somewhere(openapi: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(openapi)))
    assert named <= openapi["components"]["schemas"].keys()


async def test_bounds_of_numbers_are_told(openapi: dict[str, Any]) -> None:
    parameters = [parameter for call in operations(openapi).values() for parameter in call.get("parameters", [])]
    numbers = {
        (parameter["name"], parameter["schema"]["minimum"], parameter["schema"]["maximum"])
        for parameter in parameters
        if "integer" in str(parameter)
    }
    assert numbers == {("limit", 1, 100), ("limit", 1, 50), ("page", 1, 20), ("kinopoisk_id", 1, 2**31 - 1)}


async def test_login_takes_json_and_a_form(openapi: dict[str, Any]) -> None:
    content = operations(openapi)["post", "/login"]["requestBody"]["content"]
    assert content.keys() == {"application/json", "application/x-www-form-urlencoded"}


async def test_docs_need_nothing_from_elsewhere(service: Service) -> None:
    page = (await service.http.get("/docs")).text
    addresses = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert addresses
    assert all(address.startswith("/docs/assets/") for address in addresses)


async def test_docs_leave_no_password_behind_in_the_browser(service: Service) -> None:
    """Swagger UI would keep it in clear beside the token, in localStorage, for whoever uses that browser next."""
    page = (await service.http.get("/docs")).text
    assert '"tryItOutEnabled": true' in page
    assert "persistAuthorization" not in page


def properties(part: Any) -> Iterator[tuple[str, Any]]:
    """Of every object that is described, however deep."""
    for name, below in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if name == "properties":
            yield from below.items()
        yield from properties(below)


async def test_passwords_are_declared_as_such(openapi: dict[str, Any]) -> None:
    """So that forms that are made of it, such as those of /docs, mask what is typed and take what a manager pastes."""
    passwords = [(name, shape.get("format")) for name, shape in properties(openapi) if "password" in name]
    assert sorted(passwords) == [
        ("current_password", "password"),
        ("new_password", "password"),
        *[("password", "password")] * 4,  # to register, to delete, to log in by JSON and by the form
    ]


async def test_the_scripts_of_docs_are_served(service: Service) -> None:
    page = (await service.http.get("/docs")).text
    for address in re.findall(r"(?:src|href)=\"([^\"]+)\"", page):
        assert (await service.http.get(address)).status_code == 200


async def test_the_authorize_button_knows_where_to_log_in(openapi: dict[str, Any]) -> None:
    [scheme] = openapi["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["tokenUrl"] == "login"


async def test_the_bare_address_leads_to_docs(service: Service) -> None:
    assert (await service.http.get("/")).headers["location"] == "/docs"


async def test_every_answer_of_a_walk_is_declared(anna: Client, openapi: dict[str, Any]) -> None:
    walk: list[tuple[str, str, str, dict[str, Any]]] = [
        ("post", "/movies/favorites", "/movies/favorites", {"json": {"kinopoisk_id": 301}}),
        ("get", "/movies/favorites", "/movies/favorites?limit=0", {}),
        ("get", "/movies/favorites/{kinopoisk_id}", "/movies/favorites/1", {}),
        ("delete", "/movies/favorites/{kinopoisk_id}", "/movies/favorites/1", {}),
        ("put", "/movies/hidden/{kinopoisk_id}", "/movies/hidden/301", {}),
        ("get", "/movies/hidden", "/movies/hidden?cursor=x", {}),
        ("delete", "/movies/hidden/{kinopoisk_id}", "/movies/hidden/1", {}),
        ("get", "/movies/{kinopoisk_id}", "/movies/999999999", {}),
        ("get", "/movies/search", "/movies/search", {}),
        ("get", "/profile/sessions", "/profile/sessions", {}),
        ("get", "/profile/export", "/profile/export", {}),
        ("delete", "/profile/sessions/{session_id}", f"/profile/sessions/{uuid.UUID(int=1)}", {}),
        ("delete", "/profile/sessions/{session_id}", "/profile/sessions/x", {}),
        ("post", "/profile/password", "/profile/password", {"json": {}}),
        ("delete", "/profile", "/profile", {"json": {"password": "wrong"}}),
        ("post", "/logout", "/logout", {}),
        ("get", "/profile", "/profile", {}),
    ]
    for verb, template, path, options in walk:
        answer = await anna.send(verb.upper(), path, **options)
        assert str(answer.status_code) in operations(openapi)[verb, template]["responses"]


@pytest.mark.parametrize("path", ["/movies/301", "/movies/favorites"])
async def test_an_answer_that_is_not_declared_fails_its_test(path: str) -> None:
    declared = {("GET", "/movies/{kinopoisk_id}"): {200}, ("GET", "/movies/favorites"): {200}}
    transport = httpx.ASGITransport(app=Declared(Response(status_code=418), declared))
    async with httpx.AsyncClient(transport=transport, base_url="http://kinoshelf.test") as http:
        with pytest.raises(AssertionError, match="does not declare 418"):
            await http.get(path)
