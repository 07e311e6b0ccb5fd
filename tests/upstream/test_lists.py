"""The other lists of Kinopoisk: their items are films under other names, as the sandbox serves them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from shared.kinopoisk.client import parse
from shared.kinopoisk.errors import MalformedAnswer
from shared.kinopoisk.models import Film, FoundPage, KeyState
from tests.conftest import KEY

LISTS = [
    ("/api/v2.2/films", {"type": "FILM"}),
    ("/api/v2.2/films/collections", {"type": "TOP_250_MOVIES"}),
    ("/api/v2.1/films/search-by-keyword", {"keyword": "матрица"}),
]


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
