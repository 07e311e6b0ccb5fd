"""GET /api/v2.2/films/{id}: the shape of a film and its oddities."""

import re
from typing import Any

import httpx
import pytest

from dev.sandbox.films import load_films
from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import FILM

KEYS = {
    *("kinopoiskId", "kinopoiskHDId", "imdbId", "nameRu", "nameEn", "nameOriginal", "posterUrl"),
    *("posterUrlPreview", "coverUrl", "logoUrl", "reviewsCount", "ratingGoodReview"),
    *("ratingGoodReviewVoteCount", "ratingKinopoisk", "ratingKinopoiskVoteCount", "ratingImdb"),
    *("ratingImdbVoteCount", "ratingFilmCritics", "ratingFilmCriticsVoteCount", "ratingAwait"),
    *("ratingAwaitCount", "ratingRfCritics", "ratingRfCriticsVoteCount", "webUrl", "year", "filmLength"),
    *("slogan", "description", "shortDescription", "editorAnnotation", "isTicketsAvailable"),
    *("productionStatus", "type", "ratingMpaa", "ratingAgeLimits", "hasImax", "has3D", "lastSync"),
    *("countries", "genres", "startYear", "endYear", "serial", "shortFilm", "completed"),
}


async def film(client: httpx.AsyncClient, film_id: int) -> Any:
    return (await client.get(f"/api/v2.2/films/{film_id}")).raise_for_status().json()


async def test_a_film_has_all_45_keys_with_explicit_nulls(client: httpx.AsyncClient) -> None:
    matrix = await film(client, 301)
    assert len(KEYS) == 45
    assert matrix.keys() == KEYS
    facts = {
        "kinopoiskId": 301,
        "imdbId": "tt0133093",
        "nameRu": "Матрица",
        "nameEn": None,
        "nameOriginal": "The Matrix",
        "year": 1999,
        "filmLength": 136,
        "ratingKinopoisk": 8.5,
        "ratingAgeLimits": "age16",
        "webUrl": "https://www.kinopoisk.ru/film/301/",
        "posterUrl": "https://kinopoiskapiunofficial.tech/images/posters/kp/301.jpg",
        "posterUrlPreview": "https://kinopoiskapiunofficial.tech/images/posters/kp_small/301.jpg",
        "countries": [{"country": "США"}, {"country": "Австралия"}],
        "genres": [{"genre": "фантастика"}, {"genre": "боевик"}],
        "description": None,
        "serial": False,
        "startYear": None,
    }
    assert {key: matrix[key] for key in facts} == facts


async def test_a_series_is_a_film_too_with_its_address(client: httpx.AsyncClient) -> None:
    thrones = await film(client, 464963)
    assert (thrones["type"], thrones["serial"], thrones["startYear"]) == ("TV_SERIES", True, 2011)
    assert thrones["webUrl"] == "https://www.kinopoisk.ru/film/464963/"


async def test_vote_counts_are_zero_rather_than_null(client: httpx.AsyncClient) -> None:
    unknown_at_imdb = next(film.id for film in load_films().values() if film.rating_imdb is None)
    document = await film(client, unknown_at_imdb)
    assert document["ratingImdb"] is None
    assert all(document[key] is not None for key in document if key.endswith("VoteCount"))
    assert document["ratingAwaitCount"] == 0


async def test_the_last_sync_has_six_digits_and_no_zone(client: httpx.AsyncClient) -> None:
    last_sync = (await film(client, 301))["lastSync"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", last_sync)


async def test_a_round_rating_comes_with_and_without_a_fraction(client: httpx.AsyncClient) -> None:
    round_ones = [film.id for film in load_films().values() if film.rating == 8.0]
    texts = [(await client.get(f"/api/v2.2/films/{film_id}")).text for film_id in round_ones]
    assert any('"ratingKinopoisk":8,' in text for text in texts)
    assert any('"ratingKinopoisk":8.0,' in text for text in texts)


async def test_a_few_names_hold_a_no_break_space_and_are_found_by_a_plain_one(client: httpx.AsyncClient) -> None:
    names = {film_id: (await film(client, film_id))["nameRu"] for film_id in list(load_films())[:400]}
    odd = {film_id: name for film_id, name in names.items() if "\u00a0" in name}
    assert 1 <= len(odd) <= 20
    for film_id, name in odd.items():
        keyword = name.replace("\u00a0", " ")
        found = await client.get("/api/v2.1/films/search-by-keyword", params={"keyword": keyword})
        assert found.json()["films"][0]["filmId"] == film_id


async def test_the_headers_are_those_of_the_real_one(client: httpx.AsyncClient) -> None:
    response = await client.get(FILM)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["server"] == "nginx/1.24.0"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert not response.headers.keys() & {"etag", "cache-control", "retry-after", "x-ratelimit-remaining"}


async def test_a_client_that_does_not_take_gzip_gets_none(client: httpx.AsyncClient) -> None:
    response = await client.get(FILM, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in response.headers
    assert response.json()["kinopoiskId"] == 301


@pytest.mark.parametrize("film_id", [999_999_999, 7_400_688, 2**31 - 1])
async def test_an_unknown_film_is_not_found_however_large_its_id(client: httpx.AsyncClient, film_id: int) -> None:
    response = await client.get(f"/api/v2.2/films/{film_id}")
    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("film_id", ["0", "-1", "abc", "1.5", "9" * 19, "٣٠١"])
async def test_a_bad_id_is_a_bad_request(client: httpx.AsyncClient, film_id: str) -> None:
    response = await client.get(f"/api/v2.2/films/{film_id}")
    assert (response.status_code, response.json()) == (400, {"message": "Wrong parameter: id"})


@pytest.mark.parametrize("path", ["/api/v2.2/films/301/facts", "/api/v1/staff", "/api/v2.2/films/301/", "/api/"])
async def test_what_the_sandbox_does_not_serve_is_not_found_but_counted(
    client: httpx.AsyncClient, sandbox: RunningSandbox, path: str
) -> None:
    assert (await client.get(path)).status_code == 404
    assert (await sandbox.calls())["by_path"] == {"/api/{rest:path}": 1}


async def test_the_api_is_read_only(client: httpx.AsyncClient) -> None:
    assert (await client.post(FILM)).status_code == 405


async def test_every_film_of_the_facts_can_be_read(client: httpx.AsyncClient) -> None:
    films = load_films()
    assert len(films) == 1_607
    for film_id in list(films)[::40]:
        assert (await film(client, film_id))["kinopoiskId"] == film_id
