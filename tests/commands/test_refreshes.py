"""Asking for fresh details: at once, together, not too often."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from dev.sandbox.server import RunningSandbox
from tests.client import Client, eventually, problem
from tests.conftest import Serve
from tests.worker_process import Worker

LONG_AGO = """
    UPDATE film_sync SET fetched_at = fetched_at - interval '2 hours',
        refresh_asked_at = refresh_asked_at - interval '2 hours'
"""


async def refresh(client: Client, film: int) -> Any:
    return await client.send("POST", f"/movies/{film}/refresh")


@pytest.fixture
async def stored(anna: Client, database: AsyncEngine) -> int:
    """A film whose details were fetched two hours ago."""
    await anna.get("/movies/301")
    await run(database, LONG_AGO)
    return 301


async def run(database: AsyncEngine, statement: str) -> Any:
    async with database.connect() as connection:
        answer = await connection.execute(text(statement))
        return answer.scalar() if answer.returns_rows else None


async def test_a_film_is_fetched_anew(anna: Client, worker: Worker, sandbox: RunningSandbox, stored: int) -> None:
    await sandbox.put_film(stored, nameRu="Матрица: новая")
    answer = await refresh(anna, stored)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/movies/{stored}")
    assert shapes.Refresh.model_validate_json(answer.content).status == "ready"

    async def renewed() -> bool:
        return bool((await anna.get(f"/movies/{stored}")).json()["name_ru"] == "Матрица: новая")

    await eventually(renewed)


async def test_a_film_that_nobody_has_is_fetched(anna: Client, worker: Worker) -> None:
    assert (await refresh(anna, 301)).json() == {
        "kinopoisk_id": 301,
        "status": "pending",
        "fetched_at": None,
        "last_error": None,
    }

    async def there() -> bool:
        return bool((await anna.get("/movies/301")).status_code == 200)

    await eventually(there)


async def test_wishes_at_once_are_one(
    anna: Client, stored: int, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    answers = await asyncio.gather(*(refresh(anna, stored) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert await run(database, "SELECT claim_seq FROM film_sync") == 1


async def test_details_that_are_fresh_need_no_refresh(anna: Client) -> None:
    await anna.get("/movies/301")
    answer = await refresh(anna, 301)
    problem(answer, 429, "refresh-too-soon")
    assert 3590 < int(answer.headers["retry-after"]) <= 3600


async def test_a_film_that_cannot_be_fetched_is_not_asked_for_again_and_again(
    anna: Client, stored: int, database: AsyncEngine
) -> None:
    await refresh(anna, stored)
    await run(database, "UPDATE film_sync SET next_attempt_at = now() + interval '1 hour'")
    problem(await refresh(anna, stored), 429, "refresh-too-soon")


async def test_a_user_may_ask_for_so_many_an_hour(serve: Serve, database: AsyncEngine) -> None:
    service = await serve(limits={"refreshes_per_user_hour": 2})
    anna, boris = await service.user("anna"), await service.user("boris")
    assert [(await refresh(anna, film)).status_code for film in (1, 2, 3)] == [202, 202, 429]
    assert (await refresh(boris, 3)).status_code == 202
    await run(database, LONG_AGO)
    assert (await refresh(anna, 4)).status_code == 202


async def test_a_wish_that_joins_another_costs_nothing(serve: Serve) -> None:
    service = await serve(limits={"refreshes_per_user_hour": 1})
    anna, boris = await service.user("anna"), await service.user("boris")
    await refresh(boris, 301)
    assert [(await refresh(anna, film)).status_code for film in (301, 2)] == [202, 202]


async def test_a_refresh_that_was_asked_for_goes_before_the_others(
    anna: Client, stored: int, database: AsyncEngine
) -> None:
    await refresh(anna, stored)
    assert await run(database, "SELECT priority = 0 AND next_attempt_at <= now() FROM film_sync")


async def test_a_film_that_was_abandoned_is_not_fetched_because_somebody_asks(
    anna: Client, database: AsyncEngine
) -> None:
    await run(
        database,
        """INSERT INTO film_sync (kinopoisk_id, status, priority, lost_leases, next_attempt_at)
        VALUES (301, 'failed', 2, 5, now() + interval '10 hours')""",
    )
    answer = await refresh(anna, 301)
    problem(answer, 429, "refresh-too-soon")
    assert 35_000 < int(answer.headers["Retry-After"]) <= 36_000
    assert await run(database, "SELECT next_attempt_at > now() + interval '9 hours' FROM film_sync")
