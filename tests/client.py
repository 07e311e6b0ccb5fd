"""A REST client for tests: says who asks, waits for conditions, holds answers against their documented shapes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from api import shapes

PASSWORD = "correct horse battery staple"


class Service:
    """The API as anybody may call it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def user(self, username: str) -> "Client":
        """Register and log in."""
        registered = await self.http.post("/register", json={"username": username, "password": PASSWORD})
        assert registered.status_code == 201, registered.text
        return await self.login(username)

    async def login(self, username: str) -> "Client":
        answer = await self.http.post("/login", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return Client(self.http, answer.json()["access_token"])


class Client:
    """One logged-in user."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.token = token

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("GET", path, **options)

    async def add(self, kinopoisk_id: Any) -> httpx.Response:
        return await self.send("POST", "/movies/favorites", json={"kinopoisk_id": kinopoisk_id})

    async def remove(self, kinopoisk_id: int) -> httpx.Response:
        return await self.send("DELETE", f"/movies/favorites/{kinopoisk_id}")

    async def hide(self, kinopoisk_id: int) -> httpx.Response:
        return await self.send("PUT", f"/movies/hidden/{kinopoisk_id}")

    async def unhide(self, kinopoisk_id: int) -> httpx.Response:
        return await self.send("DELETE", f"/movies/hidden/{kinopoisk_id}")

    async def hidden(self, **params: Any) -> dict[str, Any]:
        answer = await self.get("/movies/hidden", params=params)
        assert answer.status_code == 200, answer.text
        shapes.HiddenPage.model_validate_json(answer.content)
        return dict(answer.json())

    async def item(self, kinopoisk_id: int) -> dict[str, Any]:
        answer = await self.get(f"/movies/favorites/{kinopoisk_id}")
        assert answer.status_code == 200, answer.text
        shapes.FavouriteItem.model_validate_json(answer.content)
        return dict(answer.json())

    async def page(self, **params: Any) -> dict[str, Any]:
        answer = await self.get("/movies/favorites", params=params)
        assert answer.status_code == 200, answer.text
        shapes.FavouritePage.model_validate_json(answer.content)
        return dict(answer.json())

    async def ids(self, **params: Any) -> list[int]:
        return [item["kinopoisk_id"] for item in (await self.page(**params))["items"]]

    async def until(self, kinopoisk_id: int, status: str, seconds: float = 30) -> dict[str, Any]:
        """The item once it has this status."""

        async def reached() -> dict[str, Any] | None:
            item = await self.item(kinopoisk_id)
            return item if item["status"] == status else None

        return dict(await eventually(reached, seconds, f"film {kinopoisk_id} is {status}"))


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 30, what: str = "the condition") -> Any:
    """The first true answer of `condition`; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := await condition():
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, which must be this one."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body = shapes.Problem.model_validate_json(answer.content).model_dump()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/problems/{code}")
    assert body["request_id"] == answer.headers["x-request-id"]
    return body
