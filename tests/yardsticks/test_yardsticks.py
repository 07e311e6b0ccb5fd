"""What the bench compares the service with gives the same answers: else it would compare two things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.limit import app as limit_app
from bench.limit.database import opened
from bench.usual.app import create_app
from shared.prepared import Prepared
from shared.settings import Settings
from tests.client import Client
from tests.queries.world import World, store
from tests.worker_process import Worker

FETCHED = (301, 41519, 535341)
QUERY = "/movies/search?query=матрица"


@asynccontextmanager
async def asking(app: Any, anna: Client) -> AsyncIterator[Client]:
    """Anna, asking this app."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://yardstick.test") as http:
        yield Client(http, anna.token)


@pytest.fixture
async def limit(settings: Settings, anna: Client) -> AsyncIterator[Client]:
    async with opened(settings) as parts:

        async def with_parts(scope: Any, receive: Any, send: Any) -> None:
            await limit_app.App(settings)({**scope, "state": {"parts": parts}}, receive, send)

        async with asking(with_parts, anna) as client:
            yield client


@pytest.fixture
async def usual(settings: Settings, anna: Client) -> AsyncIterator[Client]:
    app = create_app(settings)
    async with app.router.lifespan_context(app), asking(app, anna) as client:
        yield client


@pytest.fixture
async def shelf(anna: Client, worker: Worker) -> None:
    """Films that were fetched."""
    for film in FETCHED:
        await anna.add(film)
    for film in FETCHED:
        await anna.until(film, "ready")


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("path", ["favorites?limit=20", "favorites?limit=2", "favorites", "favorites/301", "301"])
async def test_the_limit_reads_what_the_service_reads(anna: Client, limit: Client, path: str) -> None:
    ours, theirs = await anna.get(f"/movies/{path}"), await limit.get(f"/movies/{path}")
    assert (theirs.status_code, theirs.content) == (200, ours.content)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of PostgreSQL from now on, as far as asyncpg runs it itself."""
    asked: list[str] = []
    arguments = Prepared.arguments

    def noted(prepared: Prepared, values: dict[str, Any]) -> list[Any]:
        asked.append(prepared.sql)
        return arguments(prepared, values)

    monkeypatch.setattr(Prepared, "arguments", noted)
    return asked


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "favorites"),
        ("GET", "favorites/301"),
        ("GET", "301"),
        ("POST", "favorites"),
        ("DELETE", "favorites/301"),
    ],
)
async def test_the_limit_runs_the_statements_of_the_service(
    anna: Client, limit: Client, statements: list[str], method: str, path: str
) -> None:
    body = {"json": {"kinopoisk_id": 301}} if method == "POST" else {}
    await anna.send(method, f"/movies/{path}", **body)
    ours = statements.copy()
    statements.clear()
    await limit.send(method, f"/movies/{path}", **body)
    assert statements == ours


async def test_an_empty_list_at_the_limit(anna: Client, limit: Client) -> None:
    assert (await limit.get("/movies/favorites")).content == (await anna.get("/movies/favorites")).content


async def test_the_limit_finds_what_the_service_finds(anna: Client, limit: Client) -> None:
    await anna.get(QUERY)
    kept, theirs = await anna.get(QUERY), await limit.get(QUERY)
    assert kept.json()["source"] == "cache"
    assert theirs.content == kept.content


async def test_the_limit_recommends_what_the_service_recommends(
    database: AsyncEngine, anna: Client, limit: Client
) -> None:
    await store(database, World({film: ([13], None, film / 10, 0.0) for film in range(1, 8)}, {}, []))
    ours, theirs = await anna.get("/recommendations"), await limit.get("/recommendations")
    assert len(ours.json()["items"]) == 5
    assert theirs.content == ours.content


async def test_what_the_limit_adds_and_deletes_is_added_and_deleted(anna: Client, limit: Client) -> None:
    added = await limit.add(301)
    again = await anna.add(301)
    assert (added.status_code, added.content) == (again.status_code, again.content)
    assert (await limit.remove(301)).status_code == 204
    assert await anna.ids() == []


async def test_no_session_no_answer_at_the_limit(anna: Client, limit: Client) -> None:
    await anna.send("POST", "/logout")
    calls = ("/movies/favorites", "/movies/favorites/301", "/movies/301", QUERY, "/recommendations")
    answers = [(await limit.get(path)).status_code for path in calls]
    answers += [(await limit.add(301)).status_code, (await limit.remove(301)).status_code]
    assert set(answers) == {401}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("query", ["", "?limit=2"])
async def test_the_usual_way_lists_the_same(anna: Client, usual: Client, query: str) -> None:
    ours, theirs = await anna.get(f"/movies/favorites{query}"), await usual.get(f"/movies/favorites{query}")
    assert theirs.json() == ours.json()


@pytest.mark.usefixtures("shelf")
async def test_the_usual_way_goes_on_at_the_cursor(anna: Client, usual: Client) -> None:
    cursor = (await anna.page(limit=2))["next_cursor"]
    further = await usual.get("/movies/favorites", params={"limit": 2, "cursor": cursor})
    assert further.json() == await anna.page(limit=2, cursor=cursor)


async def test_the_usual_way_adds_the_same(anna: Client, usual: Client) -> None:
    added, again = await usual.add(301), await anna.add(301)
    assert (added.status_code, added.json()) == (202, again.json())
    assert (await usual.add(301)).json() == again.json()


async def test_no_session_no_answer_the_usual_way(anna: Client, usual: Client) -> None:
    await anna.send("POST", "/logout")
    assert (await usual.get("/movies/favorites")).status_code == 401
