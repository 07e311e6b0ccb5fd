"""GET /status/upstream: how the service stands with Kinopoisk."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from tests.client import Client, Service, problem
from tests.conftest import Serve


async def status(client: Client) -> dict[str, Any]:
    answer = await client.get("/status/upstream")
    assert answer.status_code == 200, answer.text
    shapes.UpstreamStatus.model_validate_json(answer.content)
    return dict(answer.json())


async def run(database: AsyncEngine, statement: str) -> None:
    async with database.connect() as connection:
        await connection.execute(text(statement))


async def test_it_is_for_users_only(service: Service) -> None:
    problem(await service.http.get("/status/upstream"), 401, "unauthorized")


async def test_a_new_service_has_the_whole_day_left(serve: Serve) -> None:
    told = await status(await (await serve(budget={"daily_limit": 500})).user("anna"))
    budget = told["budget"]
    assert (budget["limit"], budget["used"], budget["left"], budget["source"]) == (500, 0, 500, "own-count")
    assert {entry["class"]: entry["ceiling"] for entry in budget["classes"]} == {
        "interactive": 500,
        "new": 450,
        "refresh": 300,
        "catalogue": 200,
    }
    assert (told["gate"]["state"], told["breaker"]["state"]) == ("open", "closed")


async def test_what_was_called_is_told_by_class(serve: Serve) -> None:
    anna = await (await serve(budget={"daily_limit": 500})).user("anna")
    await anna.get("/movies/301")
    budget = (await status(anna))["budget"]
    assert (budget["used"], budget["left"]) == (1, 499)
    assert budget["classes"][0]["used_last_day"] == 1


async def test_a_plan_without_limit_has_nulls(anna: Client) -> None:
    await anna.get("/movies/301")
    budget = (await status(anna))["budget"]
    assert (budget["limit"], budget["used"], budget["left"]) == (None, 1, None)


@pytest.mark.parametrize(("until", "state"), [("'1 hour'", "closed"), ("'-1 hour'", "probe-due")])
async def test_a_closed_gate_says_why_and_until_when(
    anna: Client, database: AsyncEngine, until: str, state: str
) -> None:
    await run(database, f"INSERT INTO upstream_gate VALUES ('quota', now() + interval {until}, 2)")
    gate = (await status(anna))["gate"]
    assert (gate["state"], gate["reason"], gate["closings"]) == (state, "upstream-quota-exhausted", 2)
    assert gate["closed_until"] is not None


@pytest.mark.parametrize(("until", "state"), [("'1 hour'", "open"), ("'-1 hour'", "half-open")])
async def test_the_breaker_says_how_many_calls_failed(
    anna: Client, database: AsyncEngine, until: str, state: str
) -> None:
    await run(database, f"INSERT INTO upstream_gate VALUES ('broken', now() + interval {until})")
    await run(database, "INSERT INTO upstream_call (kind, outcome) VALUES ('new', 'fault'), ('new', 'answered')")
    breaker = (await status(anna))["breaker"]
    assert breaker == {"state": state, "recent_calls": 2, "recent_failures": 1}


async def test_the_backlog_is_what_people_wait_for(anna: Client, database: AsyncEngine) -> None:
    await anna.add(301)
    await run(database, "UPDATE film_sync SET next_attempt_at = now() - interval '1 minute'")
    await run(database, "INSERT INTO film_sync (kinopoisk_id, priority, status) VALUES (7, 1, 'ready')")
    told = await status(anna)
    assert (told["backlog"]["waiting"], told["backlog"]["due"]) == (1, 1)
    assert 60 <= told["backlog"]["oldest_due_seconds"] < 70
    assert (told["refresh"]["films"], told["refresh"]["due"]) == (1, 1)


async def test_the_forecast_tells_how_long_a_full_cycle_takes(anna: Client, database: AsyncEngine) -> None:
    await run(
        database,
        """INSERT INTO upstream_budget (refresh_stretch, refresh_wanted_a_day, refresh_left_a_day, forecast_at)
        VALUES (2.5, 50, 20, now())""",
    )
    await run(
        database,
        """INSERT INTO film_sync (kinopoisk_id, status, priority)
        SELECT generate_series(1, 100), 'ready', 1""",
    )
    refresh = (await status(anna))["refresh"]
    assert (refresh["stretch"], refresh["full_cycle_days"]) == (2.5, 5)


async def test_the_next_reset_is_told_once_one_was_seen(anna: Client, database: AsyncEngine) -> None:
    await run(database, "INSERT INTO upstream_budget (reset_before) VALUES (now() - interval '50 hours')")
    expected = "SELECT (:told)::timestamptz - now() BETWEEN interval '21 hours' AND interval '22 hours'"
    told = (await status(anna))["budget"]["next_reset_at"]
    async with database.connect() as connection:
        assert await connection.scalar(text(expected.replace(":told", f"'{told}'")))
