"""The other lists of Kinopoisk: their items are films under other names, as the sandbox serves them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx

from dev.sandbox.server import RunningSandbox
from shared.kinopoisk.client import KinopoiskClient, parse
from shared.kinopoisk.errors import MalformedAnswer
from shared.kinopoisk.models import Film, FoundPage, KeyState
from tests.conftest import KEY

LISTS = [
    ("/api/v2.2/films", {"type": "FILM"}),
    ("/api/v2.2/films/collections", {"type": "TOP_250_MOVIES"}),
    ("/api/v2.1/films/search-by-keyword", {"keyword": "матрица"}),
]
SEQUELS = "/api/v2.1/films/301/sequels_and_prequels"
RELATED = {"filmId": 299, "nameRu": "Аниматрица", "nameEn": "", "nameOriginal": None, "relationType": "SEQUEL"}


@pytest.fixture
async def http(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, headers={"X-API-KEY": KEY}) as client:
        yield client


@pytest.mark.parametrize(("path", "params"), LISTS)
async def test_an_item_tells_name_year_genres_rating_and_poster(
    http: httpx.AsyncClient, path: str, params: dict[str, str]
) -> None:
    page = parse(FoundPage, (await http.get(path, params=params)).text)
    film = page.films[0].film
    assert all((film.name_ru, film.year, film.genres, film.rating_kinopoisk, film.poster_url))


@pytest.mark.parametrize(("path", "params"), LISTS)
async def test_an_item_as_it_is_kept_is_the_same_film(
    http: httpx.AsyncClient, path: str, params: dict[str, str]
) -> None:
    page = parse(FoundPage, (await http.get(path, params=params)).text)
    assert [parse(Film, item.body) for item in page.films] == [item.film for item in page.films]


async def test_similar_films_have_at_least_names_and_posters(http: httpx.AsyncClient) -> None:
    page = parse(FoundPage, (await http.get("/api/v2.2/films/301/similars")).text)
    assert page.total == len(page.films) > 0
    assert all(item.film.name_ru and item.film.poster_url for item in page.films)


@pytest.mark.parametrize(
    ("daily", "total", "told"),
    [
        ((500, 10), (-1, 52), (500, 10)),
        ((-1, 10), (-1, 52), (-1, 10)),
        ((500, 10), (1000, 900), (110, 10)),
        ((500, 10), (1000, 1200), (10, 10)),
        ((-1, 10), (1000, 900), (110, 10)),
        ((500, 503), (-1, 52), (500, 503)),
    ],
)
def test_a_total_that_ends_before_the_day_is_the_limit(
    daily: tuple[int, int], total: tuple[int, int], told: tuple[int, int]
) -> None:
    body = {
        name: {"value": value, "used": used}
        for name, (value, used) in {"dailyQuota": daily, "totalQuota": total}.items()
    }
    assert KeyState.model_validate(body).limit_and_used() == told


def test_a_key_without_a_total_has_a_day() -> None:
    assert KeyState.model_validate({"dailyQuota": {"value": 5, "used": 1}}).limit_and_used() == (5, 1)


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", '{"dailyQuota": null}', '{"dailyQuota": {"value": 500}}', '{"dailyQuota": {"value": 1, "used": -1}}'],
)
def test_an_answer_without_a_day_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedAnswer):
        parse(KeyState, body)


async def test_a_collection_is_asked_for_by_name_and_page(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    route = upstream.get("/api/v2.2/films/collections", params={"type": "FAMILY", "page": 3}).respond(
        text=json.dumps({"total": 90, "totalPages": 5, "items": [{"kinopoiskId": 301, "ratingKinopoisk": None}]})
    )
    page = await kinopoisk.collection("FAMILY", 3)
    assert route.called
    assert ([item.film.kinopoisk_id for item in page.films], page.items, page.total) == ([301], 1, 90)


async def test_sequels_and_prequels_come_without_a_frame(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    upstream.get(SEQUELS).respond(text=json.dumps([RELATED, {**RELATED, "filmId": 316, "nameRu": ""}]))
    page = await kinopoisk.sequels_and_prequels(301)
    assert [item.film.kinopoisk_id for item in page.films] == [299, 316]


@pytest.mark.parametrize("body", ["[]", "null"])
async def test_a_film_without_a_franchise_has_none(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, body: str
) -> None:
    upstream.get(SEQUELS).respond(text=body)
    assert (await kinopoisk.sequels_and_prequels(301)).films == ()


@pytest.mark.parametrize("body", ['{"items": []}', "7", '["no film"]', "["])
async def test_what_is_no_list_of_films_is_malformed(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, body: str
) -> None:
    upstream.get(SEQUELS).respond(text=body)
    with pytest.raises(MalformedAnswer):
        await kinopoisk.sequels_and_prequels(301)


@pytest.mark.parametrize(
    "ask",
    [
        lambda kinopoisk: kinopoisk.collection("FAMILY", 1),
        lambda kinopoisk: kinopoisk.similars(301),
        lambda kinopoisk: kinopoisk.sequels_and_prequels(301),
    ],
    ids=["collection", "similars", "sequels_and_prequels"],
)
async def test_a_404_of_a_list_is_an_empty_list(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, ask: Callable[[KinopoiskClient], Awaitable[FoundPage]]
) -> None:
    upstream.get().respond(404)
    assert await ask(kinopoisk) == FoundPage()


async def test_an_odd_item_counts_as_one(upstream: respx.MockRouter, kinopoisk: KinopoiskClient) -> None:
    upstream.get("/api/v2.2/films/301/similars").respond(
        text=json.dumps({"total": 2, "items": [RELATED, {"filmId": 0}]})
    )
    page = await kinopoisk.similars(301)
    assert (len(page.films), page.items) == (1, 2)
