"""Addresses of the API, and waiting for a condition."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

FILM = "/api/v2.2/films/301"
SEARCH = "/api/v2.1/films/search-by-keyword"
FILMS = "/api/v2.2/films"
COLLECTIONS = "/api/v2.2/films/collections"
FILTERS = "/api/v2.2/films/filters"
KEY = "/api/v1/api_keys/sandbox-key"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0.002)


async def search(client: httpx.AsyncClient, keyword: str, page: int = 1) -> Any:
    response = await client.get(SEARCH, params={"keyword": keyword, "page": page})
    assert response.status_code == 200
    return response.json()


async def many_items(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """400 items of a search that many films match."""
    return [item for page in range(1, 21) for item in (await search(client, "а", page))["films"]]


async def order(client: httpx.AsyncClient, kind: str, **fields: Any) -> None:
    """Ask for a fault over HTTP."""
    (await client.post("/sandbox/faults", json={"kind": kind, **fields})).raise_for_status()
