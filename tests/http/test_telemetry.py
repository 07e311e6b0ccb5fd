"""What is counted and measured of each request."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.telemetry import name_of
from tests.client import Client, Service
from tests.recorded import Recorded


async def test_a_request_is_counted_and_timed_by_template_and_status(anna: Client, told: Recorded) -> None:
    await anna.get("/movies/favorites/301")
    name = "GET_movies_favorites_kinopoisk_id.404"
    assert (told.counts[f"http.requests.{name}"], len(told.timings[f"http.duration.{name}"])) == (1, 1)


async def test_an_address_that_is_none_leaves_no_name_of_its_own(service: Service, told: Recorded) -> None:
    await service.http.get("/canary/1")
    await service.http.request("CANARY", "/canary/2")
    assert {name for name in told.names if name.startswith("http.requests")} <= {
        "http.requests.no_route.404",
        "http.requests.no_route.405",
    }


async def test_a_method_that_is_none_leaves_no_name_of_its_own(anna: Client, told: Recorded) -> None:
    await anna.send("CANARY", "/movies/favorites")
    assert not [name for name in told.names if "CANARY" in name]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/movies/favorites/{kinopoisk_id}", "GET_movies_favorites_kinopoisk_id"),
        ("POST", "/login", "POST_login"),
        ("BREW", "/login", "OTHER_login"),
        ("GET", None, "no_route"),
    ],
)
def test_the_name_of_a_route(method: str, path: str | None, name: str) -> None:
    assert name_of(method, path) == name


async def test_a_problem_is_counted_by_its_code(service: Service, told: Recorded) -> None:
    await service.http.get("/profile")
    assert told.counts["http.refused.unauthorized"] == 1


async def test_what_the_guard_refuses_is_counted_too(service: Service, told: Recorded) -> None:
    await service.http.post("/login", content=b"x" * 70_000, headers={"Content-Type": "application/json"})
    assert (told.counts["http.refused.content-too-large"], told.counts["http.requests.no_route.413"]) == (1, 1)


async def test_a_command_is_counted_by_its_outcome(anna: Client, told: Recorded) -> None:
    await anna.add(301)
    await anna.remove(302)
    assert told.counts["commands.add_favourite.done"] == 1
    assert told.counts["commands.remove_favourite.favorite-not-found"] == 1


async def test_a_way_that_an_address_does_not_know_leaves_no_name_of_its_own(anna: Client, told: Recorded) -> None:
    await anna.send("PATCH", "/movies/favorites")
    assert [name for name in told.counts if name.startswith(("http.requests", "commands"))] == [
        "http.requests.no_route.405"
    ]


async def test_health_checks_are_not_counted(service: Service, told: Recorded) -> None:
    await service.http.get("/health/live")
    assert not [name for name in told.names if name.startswith("http.")]


async def test_a_query_is_no_command(anna: Client, told: Recorded) -> None:
    await anna.page()
    assert not [name for name in told.counts if name.startswith("commands.")]


async def test_a_login_that_is_refused_is_counted(service: Service, told: Recorded) -> None:
    await service.http.post("/login", json={"username": "nobody", "password": "not her password"})
    assert told.counts["commands.login.invalid-credentials"] == 1


async def test_a_command_that_crashed_is_counted(anna: Client, database: AsyncEngine, told: Recorded) -> None:
    async with database.connect() as connection:
        await connection.execute(text("ALTER TABLE favourite RENAME COLUMN added_at TO gone"))
        try:
            await anna.add(301)
        finally:
            await connection.execute(text("ALTER TABLE favourite RENAME COLUMN gone TO added_at"))
    assert told.counts["commands.add_favourite.internal-error"] == 1


async def test_searches_and_their_cache_are_counted(anna: Client, told: Recorded) -> None:
    for _ in range(2):
        await anna.get("/movies/search", params={"query": "матрица"})
    found = {name: count for name, count in told.counts.items() if name.startswith(("search.", "cache.search"))}
    # The first looks twice: before it asks, and when it is its turn to ask.
    assert found == {
        "search.answered.kinopoisk": 1,
        "search.answered.cache": 1,
        "cache.search.miss": 2,
        "cache.search.hit": 1,
    }


async def test_calls_to_kinopoisk_are_counted_by_endpoint_status_outcome_and_class(
    anna: Client, told: Recorded
) -> None:
    await anna.get("/movies/search", params={"query": "матрица"})
    names = ["kinopoisk.calls.search.200", "kinopoisk.outcomes.search.answered", "upstream.calls.interactive.answered"]
    assert [told.counts[name] for name in names] == [1, 1, 1]
    assert len(told.timings["kinopoisk.duration.search"]) == 1
