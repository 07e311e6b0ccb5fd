"""The read table made anew from what is stored: by command, while the service runs, without a call."""

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.console import Console

from dev.sandbox.server import RunningSandbox
from shared.enrichment import projection, rebuild
from shared.enrichment.upstream import Upstream
from tests.client import Client, eventually
from tests.jobs.conftest import Look
from worker.rebuild import rebuild_films

Sql = Callable[..., Awaitable[Any]]
Environment = dict[str, str]


@pytest.fixture
async def two_films(anna: Client, sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """One with all its details, one that only a list told of, as they are served."""
    await anna.get("/movies/search", params={"query": "Брат"})
    await anna.get("/movies/301")
    await sandbox.fault("status", status=402)
    return [(await anna.get(f"/movies/{film}")).json() for film in (301, 41519)]


async def test_details_and_summaries_come_back_as_they_were(
    anna: Client, upstream: Upstream, sql: Sql, sandbox: RunningSandbox, two_films: list[dict[str, Any]]
) -> None:
    made = (await sandbox.calls())["total"]
    await sql("TRUNCATE film")
    await rebuild_films(upstream.engine, Console(file=io.StringIO()))
    assert [(await anna.get(f"/movies/{film}")).json() for film in (301, 41519)] == two_films
    assert (await sandbox.calls())["total"] == made


async def test_what_an_older_release_projected_is_projected_anew(
    upstream: Upstream, sql: Sql, two_films: list[dict[str, Any]]
) -> None:
    await sql("UPDATE film SET version = 0, year = NULL WHERE kinopoisk_id = 301")
    assert await rebuild.project_missing(upstream.engine) == 1
    assert await sql("SELECT year FROM film WHERE kinopoisk_id = 301") == 1999


async def test_a_refresh_in_the_middle_is_not_undone(
    anna: Client, upstream: Upstream, sql: Sql, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    """The rebuild holds the sources that it has read; what is stored meanwhile waits, and so comes last."""
    await anna.get("/movies/301")
    reading, storing = asyncio.Event(), asyncio.Event()

    async def slowly(*given: Any) -> None:
        reading.set()
        await storing.wait()
        await projection.project(*given)

    monkeypatch.setattr(rebuild, "project", slowly)
    rebuilding = asyncio.create_task(rebuild.project_all(upstream.engine, lambda _: None))
    await reading.wait()
    await sandbox.put_film(301, nameRu="Матрица: новая")
    await sql("UPDATE film_sync SET status = 'pending', next_attempt_at = now()")
    await sql("DELETE FROM film")
    opening = asyncio.create_task(anna.get("/movies/301"))
    await eventually(lambda: sql("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))
    storing.set()
    await rebuilding
    assert (await opening).json()["name_ru"] == "Матрица: новая"


async def test_the_progress_is_told_film_by_film(upstream: Upstream, two_films: list[dict[str, Any]]) -> None:
    told: list[int] = []
    done = await rebuild.project_all(upstream.engine, told.append)
    assert sum(told) == done == await rebuild.count_sources(upstream.engine)


@pytest.fixture
def environment(servers: Any, sandbox: RunningSandbox) -> Environment:
    """The settings of the test, as variables."""
    return {
        **os.environ,
        "KINOSHELF__AUTH__JWT_KEYS": '[{"id": "test", "secret": "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"}]',
        "KINOSHELF__POSTGRES__URL": servers.postgres.url,
        "KINOSHELF__REDIS__URL": servers.redis.url,
        "KINOSHELF__KINOPOISK__BASE_URL": sandbox.url,
        "KINOSHELF__KINOPOISK__API_KEY": "sandbox-key",
    }


async def test_the_command_says_what_it_did(
    two_films: list[dict[str, Any]], environment: Environment, upstream: Upstream
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.rebuild", "films", env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    films = await rebuild.count_sources(upstream.engine)
    assert (process.returncode, said.decode().splitlines()[-1]) == (0, f"{films} films projected.")


async def test_a_database_that_is_away_is_one_sentence(environment: Environment) -> None:
    environment["KINOSHELF__POSTGRES__URL"] = "postgresql://127.0.0.1:1/nowhere"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.rebuild", "films", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().startswith("rebuild: PostgreSQL cannot be used")
