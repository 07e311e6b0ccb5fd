"""Details of a film, stored or not."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from dev.sandbox.server import RunningSandbox
from tests.client import Client, problem
from tests.conftest import Serve


async def test_a_film_that_is_not_stored_is_fetched(anna: Client) -> None:
    film = shapes.Film.model_validate_json((await anna.get("/movies/301")).content)
    assert (film.name_original, film.detail) == ("The Matrix", "full")


async def test_a_stored_film_costs_no_call(anna: Client, sandbox: RunningSandbox) -> None:
    await anna.get("/movies/301")
    await anna.get("/movies/301")
    assert (await sandbox.calls())["total"] == 1


async def test_people_who_open_a_film_at_once_share_one_call(anna: Client, sandbox: RunningSandbox) -> None:
    answers = await asyncio.gather(*(anna.get("/movies/301") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await sandbox.calls())["by_film"] == {"301": 1}


async def test_two_processes_share_one_call(serve: Serve, sandbox: RunningSandbox) -> None:
    first, second = await serve(), await serve()
    anna = await first.user("anna")
    elsewhere = Client(second.http, anna.token)
    await sandbox.fault("latency", seconds=0.3)
    await asyncio.gather(anna.get("/movies/301"), elsewhere.get("/movies/301"))
    assert (await sandbox.calls())["by_film"] == {"301": 1}


async def test_a_film_that_upstream_does_not_know_is_not_found(anna: Client) -> None:
    problem(await anna.get("/movies/999999999"), 404, "film-not-found")


async def test_an_unknown_film_is_asked_for_once(anna: Client, sandbox: RunningSandbox) -> None:
    for _ in range(3):
        await anna.get("/movies/999999999")
    assert (await sandbox.calls())["total"] == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 402}, "upstream-quota-exhausted"),
        ({"kind": "status", "status": 401}, "upstream-unavailable"),
        ({"kind": "status", "status": 403}, "upstream-unavailable"),
        ({"kind": "status", "status": 429}, "upstream-busy"),
        ({"kind": "html", "status": 502}, "upstream-unavailable"),
        ({"kind": "garbage"}, "upstream-unavailable"),
        ({"kind": "drop"}, "upstream-unavailable"),
        ({"kind": "wrong_types"}, "upstream-unavailable"),
    ],
)
async def test_upstreams_trouble_is_a_503_that_says_when_to_come_back(
    anna: Client, sandbox: RunningSandbox, fault: dict[str, Any], code: str
) -> None:
    await sandbox.fault(**fault)
    answer = await anna.get("/movies/301")
    problem(answer, 503, code)
    assert int(answer.headers["retry-after"]) >= 1


async def test_who_waits_too_long_is_told_to_come_back(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(enrichment={"interactive_wait_seconds": 0.3}, kinopoisk={"deadline_seconds": 1})).user(
        "anna"
    )
    await sandbox.fault("hang")
    problem(await anna.get("/movies/301"), 503, "upstream-unavailable")


async def test_a_film_in_back_off_is_not_asked_for_again(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(enrichment={"retry_base_seconds": 60})).user("anna")
    await sandbox.fault("html", status=500)
    for _ in range(3):
        problem(await anna.get("/movies/301"), 503, "upstream-unavailable")
    assert (await sandbox.calls())["total"] == 1


async def test_behind_a_closed_gate_no_film_is_wanted(
    anna: Client, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    async with database.connect() as connection:
        await connection.execute(text("INSERT INTO upstream_gate VALUES ('quota', now() + interval '1 hour')"))
        problem(await anna.get("/movies/301"), 503, "upstream-quota-exhausted")
        assert await connection.scalar(text("SELECT count(*) FROM film_sync")) == 0
    assert (await sandbox.calls())["total"] == 0


async def test_a_stored_film_is_served_whatever_upstream_does(
    anna: Client, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    await anna.get("/movies/301")
    await sandbox.fault("status", status=402)
    async with database.connect() as connection:
        await connection.execute(text("UPDATE film_sync SET next_attempt_at = now(), fresh_until = now()"))
    film = (await anna.get("/movies/301")).json()
    assert film["freshness"]["stale"] is True


async def test_what_a_list_said_is_served_while_upstream_cannot_be_asked(anna: Client, sandbox: RunningSandbox) -> None:
    await anna.get("/movies/search", params={"query": "матрица"})
    await sandbox.fault("status", status=402)
    film = shapes.Film.model_validate_json((await anna.get("/movies/301")).content)
    assert (film.detail, film.name_ru) == ("summary", "Матрица")
    assert film.freshness.fetched_at is not None


async def test_opening_what_a_list_said_fetches_the_details(anna: Client) -> None:
    await anna.get("/movies/search", params={"query": "матрица"})
    assert (await anna.get("/movies/301")).json()["detail"] == "full"


async def test_who_has_a_summary_does_not_wait_long(serve: Serve, sandbox: RunningSandbox) -> None:
    impatient = {"fallback_wait_seconds": 0.3}
    anna = await (await serve(enrichment=impatient, kinopoisk={"deadline_seconds": 1})).user("anna")
    await anna.get("/movies/search", params={"query": "матрица"})
    await sandbox.fault("hang", path="film")
    assert (await anna.get("/movies/301")).json()["detail"] == "summary"


async def test_a_film_that_only_a_list_knows_is_served_as_that(anna: Client, sandbox: RunningSandbox) -> None:
    await anna.get("/movies/search", params={"query": "матрица"})
    await sandbox.remove_film(301)
    film = (await anna.get("/movies/301")).json()
    assert (film["detail"], film["freshness"]["last_error"]) == ("summary", "film-not-found")


async def test_beyond_ones_share_only_what_is_stored_is_served(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(limits={"upstream_calls_per_user_hour": 1})).user("anna")
    await anna.get("/movies/301")
    answer = await anna.get("/movies/41519")
    problem(answer, 429, "upstream-share-used")
    assert 1 <= int(answer.headers["retry-after"]) <= 3600
    assert (await anna.get("/movies/301")).status_code == 200


async def test_the_share_of_one_is_not_the_share_of_others(serve: Serve) -> None:
    service = await serve(limits={"upstream_calls_per_user_hour": 1})
    for name, film in (("anna", 301), ("boris", 41519)):
        assert (await (await service.user(name)).get(f"/movies/{film}")).status_code == 200


async def test_the_last_call_of_the_day_is_the_last(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(budget={"daily_limit": 2})).user("anna")
    answers = [await anna.get(f"/movies/{film}") for film in (301, 41519, 535341, 301)]
    assert [answer.status_code for answer in answers] == [200, 200, 503, 200]
    problem(answers[2], 503, "upstream-quota-exhausted")
    assert (await sandbox.calls())["total"] == 2


async def test_the_last_calls_of_the_day_are_for_those_who_have_nothing(serve: Serve) -> None:
    anna = await (await serve(budget={"daily_limit": 10, "new_ceiling": 0.1})).user("anna")
    await anna.get("/movies/search", params={"query": "матрица"})
    assert (await anna.get("/movies/301")).json()["detail"] == "summary"
    assert (await anna.get("/movies/41519")).json()["detail"] == "full"


async def test_people_who_ask_for_more_than_is_left_get_no_more(serve: Serve, sandbox: RunningSandbox) -> None:
    first = await serve(budget={"daily_limit": 5})
    second = await serve(budget={"daily_limit": 5})
    anna = await first.user("anna")
    elsewhere = Client(second.http, anna.token)
    await asyncio.gather(*(client.get(f"/movies/{film}") for film in range(1, 21) for client in (anna, elsewhere)))
    assert (await sandbox.calls())["total"] == 5


async def test_the_limiter_sends_people_away_rather_than_let_them_wait(serve: Serve) -> None:
    slow = {"rate_per_second": 0.01, "burst": 1}
    anna = await (await serve(kinopoisk=slow)).user("anna")
    await anna.get("/movies/301")
    problem(await anna.get("/movies/41519"), 503, "upstream-busy")
