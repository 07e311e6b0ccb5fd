"""Search at Kinopoisk."""

import asyncio
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from dev.sandbox.server import RunningSandbox
from dev.testing import Servers
from shared.enrichment.search_cache import search_key
from tests.client import Client
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


async def test_searching_wants_nothing(anna: Client, database: AsyncEngine) -> None:
    """A list creates no wish: nothing is fetched for what was merely found."""
    await search(anna, "матрица")
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM film_sync")) == 0


async def test_what_was_found_is_known_by_name_when_it_is_added(anna: Client) -> None:
    await search(anna, "матрица")
    item = (await anna.add(301)).json()
    assert (item["status"], item["film"]["detail"], item["film"]["name_ru"]) == ("pending", "summary", "Матрица")


async def test_a_list_takes_nothing_from_details(anna: Client) -> None:
    before = (await anna.get("/movies/301")).json()
    await search(anna, "матрица")
    assert (await anna.get("/movies/301")).json() == before


async def test_a_later_list_that_knows_less_takes_nothing_away(
    anna: Client, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    await search(anna, "матрица")
    await sandbox.fault("nulls")
    found = await search(anna, "матриц")
    film = next(item for item in found["items"] if item["kinopoisk_id"] == 301)
    assert (film["name_ru"], film["year"]) == ("Матрица", 1999)


@pytest.mark.parametrize("query", ["матрица", "  МАТРИЦА ", "Матрица"])
async def test_an_answer_is_kept_for_questions_that_mean_the_same(
    anna: Client, sandbox: RunningSandbox, query: str
) -> None:
    first = await search(anna, "матрица")
    again = await search(anna, query)
    assert ((await sandbox.calls())["total"], again["source"]) == (1, "cache")
    assert {**again, "source": "kinopoisk", "query": "матрица"} == first


async def test_each_page_is_kept_by_itself(anna: Client, sandbox: RunningSandbox) -> None:
    pages = [await search(anna, "а", page=page) for page in (1, 2, 1, 2)]
    assert [page["source"] for page in pages] == ["kinopoisk", "kinopoisk", "cache", "cache"]
    assert pages[0]["items"] != pages[1]["items"]


async def test_two_processes_ask_once(serve: Serve, sandbox: RunningSandbox) -> None:
    patient = {"postgres": {"pool_timeout_seconds": 30}}
    first, second = await serve(**patient), await serve(**patient)
    anna = await first.user("anna")
    elsewhere = Client(second.http, anna.token)
    await sandbox.fault("latency", seconds=0.3)
    answers = await asyncio.gather(*(search(client, "матрица") for client in [anna, elsewhere] * 20))
    assert (await sandbox.calls())["total"] == 1
    assert {answer["items"][0]["kinopoisk_id"] for answer in answers} == {301}


async def test_a_fresh_answer_is_asked_for_again_when_it_is_old(serve: Serve, sandbox: RunningSandbox) -> None:
    anna = await (await serve(search={"fresh_seconds": 0.001})).user("anna")
    await search(anna, "матрица")
    assert (await search(anna, "матрица"))["source"] == "kinopoisk"
    assert (await sandbox.calls())["total"] == 2


TROUBLE = [
    {"kind": "status", "status": 402},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 429},
    {"kind": "html", "status": 502},
    {"kind": "garbage"},
    {"kind": "drop"},
    {"kind": "bad_utf8"},
    {"kind": "empty"},
]


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
async def test_an_old_answer_is_served_while_upstream_cannot_be_asked(
    serve: Serve, sandbox: RunningSandbox, fault: dict[str, Any]
) -> None:
    anna = await (await serve(search={"fresh_seconds": 0.001})).user("anna")
    first = await search(anna, "матрица")
    await sandbox.fault(**fault)
    assert await search(anna, "матрица") == {**first, "source": "cache"}


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
async def test_stored_films_are_found_while_upstream_cannot_be_asked(
    anna: Client, sandbox: RunningSandbox, fault: dict[str, Any]
) -> None:
    await search(anna, "матрица")
    await sandbox.fault(**fault)
    found = await search(anna, "матриц")
    assert (found["source"], found["items"][0]["kinopoisk_id"]) == ("local", 301)


async def test_nothing_stored_is_an_empty_local_answer(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402)
    found = await search(anna, "матрица")
    assert (found["source"], found["items"], found["total"], found["pages"]) == ("local", [], 0, 0)


async def test_after_a_quota_answer_upstream_is_left_alone(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402)
    for number in range(5):
        await search(anna, f"матрица {number}")
    assert (await sandbox.calls())["total"] == 1


async def test_nobody_waits_long_when_there_is_something_else_to_show(serve: Serve, sandbox: RunningSandbox) -> None:
    impatient = {"fallback_wait_seconds": 0.2}
    anna = await (await serve(enrichment=impatient, kinopoisk={"deadline_seconds": 1})).user("anna")
    await sandbox.fault("hang")
    assert (await search(anna, "матрица"))["source"] == "local"


async def test_an_address_is_no_error_while_upstream_cannot_be_asked(anna: Client, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=402)
    found = await search(anna, "https://www.kinopoisk.ru/film/301/")
    assert (found["source"], found["items"], found["total"]) == ("local", [], 0)


async def test_who_has_used_up_the_share_finds_what_is_stored(serve: Serve, sandbox: RunningSandbox) -> None:
    service = await serve(limits={"upstream_calls_per_user_hour": 1})
    anna, boris = await service.user("anna"), await service.user("boris")
    await search(anna, "матрица")
    assert (await search(anna, "матриц"))["source"] == "local"
    assert (await search(boris, "матри"))["source"] == "kinopoisk"


async def test_a_truncated_read_table_is_restored_by_the_next_search(
    anna: Client, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    first = await search(anna, "матрица")
    async with database.connect() as connection:
        await connection.execute(text("TRUNCATE film"))
    assert await search(anna, "матрица") == {**first, "source": "cache"}
    assert (await sandbox.calls())["total"] == 1


async def test_a_cache_that_outlives_its_database_is_not_believed(
    anna: Client, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    await search(anna, "матрица")
    async with database.connect() as connection:
        await connection.execute(text("TRUNCATE film, film_source"))
    assert (await search(anna, "матрица"))["source"] == "kinopoisk"


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"[]",
        b"[1,2,3,4]",
        b"\xff",
        b'[["x"],1,1,1]',
        b"[[301],1,1,1e99]",
        b"[[4294967296],1,1,1]",
        b"[[-1],1,1,1]",
    ],
)
async def test_a_spoilt_cache_is_no_error(anna: Client, servers: Servers, kept: bytes) -> None:
    with Redis.from_url(servers.redis.url) as redis:
        redis.set(search_key("матрица", 1), kept)
    assert (await search(anna, "матрица"))["source"] in {"kinopoisk", "cache"}


async def test_without_redis_upstream_is_asked_at_a_small_rate(serve: Serve, servers: Servers) -> None:
    anna = await (await serve(enrichment={"fallback_wait_seconds": 30})).user("anna")
    servers.redis.stop()
    try:
        found = await search(anna, "матрица")
    finally:
        servers.redis.start()
    assert found["source"] == "kinopoisk"


async def test_a_film_of_that_id_counts_once(anna: Client) -> None:
    await anna.get("/movies/301")
    found = await search(anna, "301")
    assert found["total"] == len(found["items"])
