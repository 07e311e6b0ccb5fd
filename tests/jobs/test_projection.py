"""A truncated read table heals itself from what is stored, without a call."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from shared.enrichment import rebuild
from shared.enrichment.documents import Detail
from shared.enrichment.projection import film_row
from shared.kinopoisk.models import Film
from shared.settings import Settings
from tests.client import Client, eventually
from tests.worker_process import Worker
from worker.jobs.projection import reconcile_films
from worker.main import opened

Sql = Callable[..., Awaitable[Any]]


async def test_films_with_a_source_are_projected_anew(
    anna: Client, settings: Settings, sql: Sql, sandbox: RunningSandbox
) -> None:
    before = [(await anna.get(f"/movies/{film}")).json() for film in (301, 41519)]
    await sql("TRUNCATE film")
    async with opened(settings) as context:
        assert await reconcile_films(context) == 2
    assert [(await anna.get(f"/movies/{film}")).json() for film in (301, 41519)] == before
    assert (await sandbox.calls())["total"] == 2


async def test_more_films_than_a_batch_are_projected(
    anna: Client, settings: Settings, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    for film in (301, 41519, 535341, 1143242, 462682):
        await anna.get(f"/movies/{film}")
    await sql("TRUNCATE film")
    async with opened(settings) as context:
        assert await reconcile_films(context) == 5


async def test_a_film_without_a_source_is_fetched_again(anna: Client, worker: Worker, sql: Sql) -> None:
    await anna.add(301)
    await anna.until(301, "ready")
    await sql("TRUNCATE film, film_source")
    await rebuild.project_missing(worker.engine)
    worker.drain.ring()

    async def back() -> Any:
        return (await anna.item(301))["film"]

    await eventually(back)


async def test_who_opens_a_film_meanwhile_gets_it(anna: Client, sql: Sql, sandbox: RunningSandbox) -> None:
    await anna.get("/movies/301")
    await sql("TRUNCATE film")
    assert (await anna.get("/movies/301")).json()["name_ru"] == "Матрица"
    assert (await sandbox.calls())["total"] == 1


async def test_a_source_that_cannot_be_read_stops_no_other(anna: Client, settings: Settings, sql: Sql) -> None:
    await anna.get("/movies/301")
    await sql("INSERT INTO film_source (kinopoisk_id, body, fetched_at) VALUES (7, '{}', now())")
    await sql("TRUNCATE film")
    async with opened(settings) as context:
        assert await reconcile_films(context) == 1


async def test_a_source_of_which_a_projection_fails_stops_no_other(
    anna: Client, settings: Settings, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(film: Film, detail: Detail) -> dict[str, Any]:
        if film.kinopoisk_id == 301:
            raise RuntimeError("not foreseen")
        return film_row(film, detail)

    for film in (301, 41519):
        await anna.get(f"/movies/{film}")
    await sql("TRUNCATE film")
    monkeypatch.setattr(rebuild, "film_row", failing)
    async with opened(settings) as context:
        with capture_logs() as logged:
            assert await reconcile_films(context) == 1
    [line] = [line for line in logged if line["event"] == "film_projection_failed"]
    assert line["kinopoisk_id"] == 301
