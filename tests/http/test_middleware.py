"""Around every request: its id, its log line, the last resort."""

import re
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.client import Client, Service, problem
from tests.conftest import Serve


async def lines_of(client: Client, method: str, path: str, **options: Any) -> list[Any]:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await client.send(method, path, **options)
    return logged


async def test_the_clients_request_id_comes_back(service: Service) -> None:
    answer = await service.http.get("/health/live", headers={"X-Request-ID": "abc-1.2_3"})
    assert answer.headers["x-request-id"] == "abc-1.2_3"


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<script>", "a\tb"])
async def test_a_request_id_that_could_do_harm_is_replaced(service: Service, sent: str) -> None:
    answer = await service.http.get("/health/live", headers={"X-Request-ID": sent})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_a_request_is_one_line_with_its_figures(anna: Client) -> None:
    logged = await lines_of(anna, "GET", "/movies/favorites/301", headers={"X-Request-ID": "r1"})
    [line] = [entry for entry in logged if entry["event"] == "request_finished"]
    assert line.pop("duration_ms") >= 0
    assert re.fullmatch(r"[0-9a-f-]{36}", line.pop("user_id"))
    assert line == {
        "event": "request_finished",
        "log_level": "info",
        "operation": "get_favourite",
        "method": "GET",
        "route": "/movies/favorites/{kinopoisk_id}",
        "status": 404,
        "problem": "favorite-not-found",
        "request_id": "r1",
        "kinopoisk_id": 301,
    }


@pytest.mark.parametrize("operation", ["register", "login"])
async def test_whose_account_it_is_is_told_of_who_comes_without_a_token(service: Service, operation: str) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await service.user("anna")
    [line] = [entry for entry in logged if entry.get("operation") == operation]
    assert re.fullmatch(r"[0-9a-f-]{36}", line["user_id"])


async def levels(client: Client, method: str, path: str, requests: int = 1) -> list[str]:
    """Of what is told of so many requests, each under an id of its own."""
    with capture_logs() as logged:
        for number in range(requests):
            await client.send(method, path, headers={"X-Request-ID": f"r{number}"})
    return [entry["log_level"] for entry in logged if entry["event"] == "request_finished"]


async def test_of_many_reads_a_share_is_logged(serve: Serve) -> None:
    anna = await (await serve(logs={"reads": 0.5})).user("anna")
    assert 5 < (await levels(anna, "GET", "/movies/favorites", 40)).count("info") < 35


async def test_reads_under_one_id_are_all_logged_or_none(serve: Serve) -> None:
    anna = await (await serve(logs={"reads": 0.5})).user("anna")
    told = [await levels(anna, "GET", "/movies/favorites") for _ in range(5)]
    assert told in ([["info"]] * 5, [["debug"]] * 5)


@pytest.mark.parametrize(
    ("method", "path", "level"),
    [
        ("GET", "/movies/favorites", "debug"),
        ("GET", "/movies/favorites/301", "info"),  # 404
        ("GET", "/nowhere", "info"),
        ("PUT", "/movies/hidden/301", "info"),
    ],
)
async def test_without_reads_what_changes_or_fails_is_logged(serve: Serve, method: str, path: str, level: str) -> None:
    anna = await (await serve(logs={"reads": 0})).user("anna")
    assert await levels(anna, method, path) == [level]


async def test_what_was_searched_for_is_in_no_line(anna: Client) -> None:
    logged = await lines_of(anna, "GET", "/movies/search", params={"query": "canary-words"})
    assert "canary-words" not in repr(logged)


async def test_an_unforeseen_exception_is_a_500_without_its_text(anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> str:
        raise RuntimeError("canary-secret")

    monkeypatch.setattr("api.queries.pages.json_if_changed", crash)
    answer = await anna.get("/movies/favorites")
    problem(answer, 500, "internal-error")
    assert "canary" not in answer.text


async def test_a_crash_is_logged_under_its_request(anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> str:
        raise RuntimeError("canary-secret")

    monkeypatch.setattr("api.queries.pages.json_if_changed", crash)
    logged = await lines_of(anna, "GET", "/movies/favorites", headers={"X-Request-ID": "r2"})
    assert ("request_crashed", "r2") in [(entry["event"], entry.get("request_id")) for entry in logged]


async def test_an_error_of_ours_in_sql_is_a_500(anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.queries.profile.COUNTS", [text("no_such_column")])
    problem(await anna.get("/profile"), 500, "internal-error")


async def test_nobody_guesses_the_type_of_an_answer(service: Service) -> None:
    assert (await service.http.get("/health/live")).headers["x-content-type-options"] == "nosniff"
