"""GET /api/v2.1/films/search-by-keyword: matching, pages and oddities."""

import re

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import SEARCH, many_items, search


async def test_an_item_is_that_of_a_recorded_answer(client: httpx.AsyncClient) -> None:
    posters = "https://kinopoiskapiunofficial.tech/images/posters"
    assert await search(client, "Иван Васильевич меняет профессию") == {
        "keyword": "Иван Васильевич меняет профессию",
        "pagesCount": 0,
        "films": [
            {
                "filmId": 42664,
                "nameRu": "Иван Васильевич меняет профессию",
                "type": "FILM",
                "year": "1973",
                "filmLength": "01:28",
                "countries": [{"country": "СССР"}],
                "genres": [{"genre": "фантастика"}, {"genre": "приключения"}, {"genre": "комедия"}],
                "rating": "8.8",
                "ratingVoteCount": 1163941,
                "posterUrl": f"{posters}/kp/42664.jpg",
                "posterUrlPreview": f"{posters}/kp_small/42664.jpg",
            }
        ],
        "searchFilmsCountResult": 1,
    }


@pytest.mark.parametrize(
    ("keyword", "first"),
    [
        ("матрица", 301),
        ("МАТРИЦА", 301),
        ("  матрица ", 301),
        ("the matrix", 301),
        ("ёлки", 493768),
        ("Елки", 493768),
        ("перезагрузка", 299),
        ("1917", 1171976),
        ("брат", 41519),
        ("брат 2", 41520),
    ],
)
async def test_the_film_that_is_meant_comes_first(client: httpx.AsyncClient, keyword: str, first: int) -> None:
    assert (await search(client, keyword))["films"][0]["filmId"] == first


async def test_names_that_begin_with_the_keyword_come_before_those_that_hold_it(client: httpx.AsyncClient) -> None:
    films = (await search(client, "дом"))["films"]
    begins = [film["nameRu"].casefold().startswith("дом") for film in films]
    assert begins == sorted(begins, reverse=True)
    assert {*begins} == {True, False}


@pytest.mark.parametrize("keyword", ["", "   ", "такого фильма нет"])
async def test_nothing_found_is_an_empty_list(client: httpx.AsyncClient, keyword: str) -> None:
    found = await search(client, keyword)
    assert found == {"keyword": keyword, "pagesCount": 0, "films": [], "searchFilmsCountResult": 0}


async def test_pages_hold_twenty_and_their_number_is_rounded_down(client: httpx.AsyncClient) -> None:
    first = await search(client, "мо")
    total = first["searchFilmsCountResult"]
    assert total % 20
    assert total > 20
    assert first["pagesCount"] == total // 20
    last = await search(client, "мо", first["pagesCount"] + 1)
    assert (len(first["films"]), len(last["films"])) == (20, total % 20)
    assert (await search(client, "мо", first["pagesCount"] + 2))["films"] == []


@pytest.mark.parametrize("page", ["0", "21", "-1", "x", ""])
async def test_a_page_out_of_1_to_20_is_a_bad_request(client: httpx.AsyncClient, page: str) -> None:
    response = await client.get(SEARCH, params={"keyword": "брат", "page": page})
    assert (response.status_code, response.json()) == (400, {"message": "Wrong parameter: page"})


async def test_a_search_without_a_keyword_is_a_bad_request(client: httpx.AsyncClient) -> None:
    response = await client.get(SEARCH)
    assert response.status_code == 400
    assert "keyword" in response.json()["message"]


async def test_no_item_has_a_null_or_an_original_name(client: httpx.AsyncClient) -> None:
    for item in await many_items(client):
        assert None not in item.values()
        assert not item.keys() & {"nameOriginal", "imdbId", "description", "kinopoiskId"}


async def test_an_english_name_is_empty_or_absent(client: httpx.AsyncClient) -> None:
    names = [item["nameEn"] for item in await many_items(client) if "nameEn" in item]
    assert 1 <= len(names) <= 40
    assert {*names} == {""}


async def test_a_year_is_a_string_and_may_be_null_in_words(client: httpx.AsyncClient) -> None:
    years = [item["year"] for item in await many_items(client)]
    assert 1 <= years.count("null") <= 20
    assert all(re.fullmatch(r"null|\d{4}", year) for year in years)


async def test_a_rating_is_a_string_and_may_be_null_a_share_or_absent(client: httpx.AsyncClient) -> None:
    ratings = [item.get("rating") for item in await many_items(client)]
    odd = [rating for rating in ratings if rating is None or not re.fullmatch(r"\d\.\d|10\.0", rating)]
    assert {*odd} == {None, "null", "99%", "97.93%"}
    assert len(odd) <= 40


async def test_a_length_is_hours_and_minutes_empty_or_absent(client: httpx.AsyncClient) -> None:
    lengths = [item.get("filmLength") for item in await many_items(client)]
    known = [length for length in lengths if length]
    assert {*lengths} - {*known} == {None, ""}
    assert all(re.fullmatch(r"\d\d:[0-5]\d", length) for length in known)


async def test_the_oddities_are_the_same_each_time(client: httpx.AsyncClient) -> None:
    assert await many_items(client) == await many_items(client)


async def test_a_film_not_yet_released_shows_who_waits_for_it(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    await sandbox.put_film(7_302_978, nameRu="Завтрашний день", ratingAwait=98.5, year=None)
    await sandbox.put_film(7_302_979, nameRu=None, nameOriginal="Nobody waits")
    awaited = (await search(client, "завтрашний"))["films"][0]
    unknown = (await search(client, "nobody waits"))["films"][0]
    assert (awaited["filmId"], awaited["rating"], awaited["year"]) == (7_302_978, "98.5%", "null")
    assert (unknown["rating"], unknown["nameEn"], "nameRu" in unknown) == ("null", "Nobody waits", False)
