"""Search at Kinopoisk."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from dev.sandbox.server import RunningSandbox
from tests.client import Client, problem
from tests.conftest import Serve


async def search(anna: Client, query: str, **params: Any) -> dict[str, Any]:
    answer = await anna.get("/movies/search", params={"query": query, **params})
    assert answer.status_code == 200, answer.text
    shapes.SearchPage.model_validate_json(answer.content)
    return dict(answer.json())


async def test_films_are_found_by_name(anna: Client) -> None:
    found = await search(anna, "матрица")
    assert found["items"][0]["kinopoisk_id"] == 301


async def test_an_item_is_a_summary_with_explicit_nulls(anna: Client) -> None:
    film = (await search(anna, "матрица"))["items"][0]
    assert (film["detail"], film["description"], film["imdb_id"]) == ("summary", None, None)


async def test_one_hit_is_one_page_although_upstream_says_none(anna: Client) -> None:
    found = await search(anna, "Иван Васильевич меняет профессию")
    assert (found["total"], found["pages"], len(found["items"])) == (1, 1, 1)


async def test_favourites_are_marked(anna: Client) -> None:
    await anna.add(301)
    marks = {film["kinopoisk_id"]: film["is_favorite"] for film in (await search(anna, "матрица"))["items"]}
    assert {film for film, marked in marks.items() if marked} == {301}


async def test_nothing_found_is_an_empty_list(anna: Client) -> None:
    found = await search(anna, "ъъъъъъ")
    assert (found["items"], found["total"], found["pages"]) == ([], 0, 0)


async def test_the_page_is_passed_on(anna: Client) -> None:
    first, second = await search(anna, "а"), await search(anna, "а", page=2)
    shown = {film["kinopoisk_id"] for film in first["items"]}
    assert len(shown) == 20
    assert shown.isdisjoint(film["kinopoisk_id"] for film in second["items"])


@pytest.mark.parametrize("query", ["a&page=7", "100%", "a+b", "#", "?", "«ё»", "\U0001f600", "a/../b", "${x}"])
async def test_any_text_reaches_upstream_as_it_is(anna: Client, sandbox: RunningSandbox, query: str) -> None:
    assert (await search(anna, query))["query"] == query
    assert (await sandbox.calls())["by_status"] == {"200": 1}


async def test_blanks_around_a_query_do_not_count(anna: Client) -> None:
    assert (await search(anna, "  матрица "))["query"] == "матрица"


async def test_equal_questions_at_once_share_one_call(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("latency", seconds=0.3)
    await asyncio.gather(*(search(anna, query) for query in ["матрица", "Матрица", "МАТРИЦА "] * 5))
    assert (await sandbox.calls())["total"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://www.kinopoisk.ru/film/301/",
        "http://kinopoisk.ru/film/301",
        "www.kinopoisk.ru/series/301/?utm=x",
        "https://www.kinopoisk.ru/film/301/cast/",
    ],
)
async def test_the_address_of_a_film_finds_exactly_it(anna: Client, address: str) -> None:
    found = await search(anna, address)
    assert ([film["kinopoisk_id"] for film in found["items"]], found["total"], found["pages"]) == ([301], 1, 1)


async def test_the_address_of_no_film_finds_nothing(anna: Client) -> None:
    assert (await search(anna, "https://www.kinopoisk.ru/film/999999999/"))["items"] == []


async def test_an_address_beyond_all_ids_finds_nothing_without_a_call(anna: Client, sandbox: RunningSandbox) -> None:
    found = await search(anna, "https://www.kinopoisk.ru/film/9999999999/")
    assert (found["items"], (await sandbox.calls())["total"]) == ([], 0)


async def test_an_address_has_one_page(anna: Client) -> None:
    assert (await search(anna, "https://www.kinopoisk.ru/film/301/", page=2))["items"] == []


async def test_digits_are_a_name(anna: Client) -> None:
    assert "1917" in [film["name_ru"] for film in (await search(anna, "1917"))["items"]]


async def test_a_stored_film_of_that_id_comes_first(anna: Client) -> None:
    await anna.get("/movies/301")
    found = await search(anna, "301")
    assert (found["items"][0]["kinopoisk_id"], found["items"][0]["detail"]) == (301, "full")


async def test_upstreams_quota_is_not_an_empty_answer(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402)
    answer = await anna.get("/movies/search", params={"query": "матрица"})
    problem(answer, 503, "upstream-quota-exhausted")


async def test_after_a_quota_answer_upstream_is_left_alone(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402)
    for _ in range(5):
        await anna.get("/movies/search", params={"query": "матрица"})
    assert (await sandbox.calls())["total"] == 1


@pytest.mark.parametrize("kind", ["garbage", "html", "drop", "bad_utf8", "empty"])
async def test_an_unreadable_answer_is_a_503(anna: Client, sandbox: RunningSandbox, kind: str) -> None:
    await sandbox.fault(kind)
    problem(await anna.get("/movies/search", params={"query": "матрица"}), 503, "upstream-unavailable")


async def test_who_waits_too_long_is_told_to_come_back(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(enrichment={"interactive_wait_seconds": 0.3}, kinopoisk={"deadline_seconds": 1})).user(
        "anna"
    )
    await sandbox.fault("hang")
    problem(await anna.get("/movies/search", params={"query": "матрица"}), 503, "upstream-unavailable")


async def test_searching_stores_nothing(anna: Client, database: AsyncEngine) -> None:
    """A list creates no wish: nothing is fetched for what was merely found."""
    await search(anna, "матрица")
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM film_sync")) == 0
