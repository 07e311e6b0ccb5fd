"""Lists of films: by filters, the collections, the names of filters."""

from typing import Any

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import COLLECTIONS, FILMS, FILTERS

ITEM_KEYS = {
    *("kinopoiskId", "imdbId", "nameRu", "nameEn", "nameOriginal", "countries", "genres"),
    *("ratingKinopoisk", "ratingImdb", "year", "type", "posterUrl", "posterUrlPreview"),
}
COLLECTION_KEYS = ITEM_KEYS | {"coverUrl", "logoUrl", "description", "ratingAgeLimits"}
COMEDY, USSR = 13, 33


async def films(client: httpx.AsyncClient, **params: Any) -> Any:
    return (await client.get(FILMS, params=params)).raise_for_status().json()


async def collection(client: httpx.AsyncClient, name: str, page: int = 1) -> Any:
    response = await client.get(COLLECTIONS, params={"type": name, "page": page})
    return response.raise_for_status().json()


async def test_films_are_cut_at_a_hundred_on_five_pages(client: httpx.AsyncClient) -> None:
    first, last, beyond = [await films(client, page=page) for page in (1, 5, 6)]
    assert (first["total"], first["totalPages"]) == (100, 5)
    assert (len(first["items"]), len(last["items"]), beyond["items"]) == (20, 20, [])
    assert first["items"][0].keys() == ITEM_KEYS


@pytest.mark.parametrize(
    ("order", "key"), [("RATING", "ratingKinopoisk"), ("YEAR", "year"), ("NUM_VOTE", None), (None, "ratingKinopoisk")]
)
async def test_films_are_ordered_downwards(client: httpx.AsyncClient, order: str | None, key: str | None) -> None:
    items = (await films(client, **({"order": order} if order else {})))["items"]
    if key:
        assert [item[key] for item in items] == sorted((item[key] for item in items), reverse=True)
    else:
        assert items[0]["kinopoiskId"] == 535341


async def test_films_of_a_genre_a_country_a_type_and_years(client: httpx.AsyncClient) -> None:
    filters = {"genres": COMEDY, "countries": USSR, "type": "FILM", "yearFrom": 1960, "yearTo": 1975}
    items = (await films(client, **filters, ratingFrom=8, ratingTo=8.8))["items"]
    assert 42664 in [item["kinopoiskId"] for item in items]
    for item in items:
        assert {"genre": "комедия"} in item["genres"]
        assert {"country": "СССР"} in item["countries"]
        assert item["type"] == "FILM"
        assert 1960 <= item["year"] <= 1975
        assert 8 <= item["ratingKinopoisk"] <= 8.8


async def test_films_by_imdb_id_and_by_keyword(client: httpx.AsyncClient) -> None:
    by_imdb = await films(client, imdbId="tt0133093")
    by_keyword = await films(client, keyword="матрица", order="NUM_VOTE")
    assert [item["kinopoiskId"] for item in by_imdb["items"]] == [301]
    assert by_keyword["items"][0]["kinopoiskId"] == 301
    assert by_keyword["totalPages"] == 1


async def test_an_unknown_genre_has_no_films_and_an_empty_one_is_no_filter(client: httpx.AsyncClient) -> None:
    assert await films(client, genres=999) == {"total": 0, "totalPages": 0, "items": []}
    assert (await films(client, genres=""))["total"] == 100


@pytest.mark.parametrize(
    "params",
    [
        {"genres": "1,2"},
        {"countries": "x"},
        {"order": "NAME"},
        {"type": "VIDEO"},
        {"ratingFrom": "high"},
        {"yearTo": "nan"},
        {"page": "21"},
    ],
)
async def test_a_wrong_filter_is_a_bad_request(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    response = await client.get(FILMS, params=params)
    assert (response.status_code, response.json()) == (400, {"message": f"Wrong parameter: {next(iter(params))}"})


async def test_the_best_films_are_250_on_13_pages(client: httpx.AsyncClient) -> None:
    first, last = await collection(client, "TOP_250_MOVIES"), await collection(client, "TOP_250_MOVIES", 13)
    assert (first["total"], first["totalPages"]) == (250, 13)
    assert (len(first["items"]), len(last["items"])) == (20, 10)
    assert first["items"][0].keys() == COLLECTION_KEYS
    ratings = [item["ratingKinopoisk"] for item in first["items"] + last["items"]]
    assert ratings == sorted(ratings, reverse=True)
    assert {item["type"] for item in first["items"]} == {"FILM"}


@pytest.mark.parametrize("name", ["TOP_250_TV_SHOWS", "POPULAR_SERIES"])
async def test_collections_of_series_hold_series(client: httpx.AsyncClient, name: str) -> None:
    items = (await collection(client, name))["items"]
    assert {item["type"] for item in items} <= {"TV_SERIES", "MINI_SERIES"}
    assert len(items) == 20


async def test_the_popular_collection_is_the_default_and_has_at_most_50_pages(client: httpx.AsyncClient) -> None:
    popular = await collection(client, "TOP_POPULAR_ALL")
    assert (popular["total"], popular["totalPages"]) == (1_000, 50)
    assert (await client.get(COLLECTIONS)).json() == popular
    assert popular["items"][0]["kinopoiskId"] == 535341
    assert isinstance(popular["items"][0]["year"], int)
    assert len((await collection(client, "TOP_POPULAR_ALL", 50))["items"]) == 20


@pytest.mark.parametrize(
    ("name", "genre"), [("FAMILY", "семейный"), ("LOVE_THEME", "мелодрама"), ("KIDS_ANIMATION_THEME", "мультфильм")]
)
async def test_a_theme_is_its_genre(client: httpx.AsyncClient, name: str, genre: str) -> None:
    items = (await collection(client, name))["items"]
    assert items
    assert all({"genre": genre} in item["genres"] for item in items)


@pytest.mark.parametrize("name", ["TOP_POPULAR_MOVIES", "CLOSES_RELEASES", "ZOMBIE_THEME", "OSKAR_WINNERS_2021"])
async def test_every_collection_answers(client: httpx.AsyncClient, name: str) -> None:
    answer = await collection(client, name)
    assert (answer["total"] > 0) is (name == "TOP_POPULAR_MOVIES")


async def test_a_film_without_a_rating_is_among_the_next_releases(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    await sandbox.put_film(7_400_688, nameRu="Премьера")
    assert [item["kinopoiskId"] for item in (await collection(client, "CLOSES_RELEASES"))["items"]] == [7_400_688]


@pytest.mark.parametrize("params", [{"type": "TOP_1000"}, {"page": "51"}])
async def test_an_unknown_collection_or_page_is_a_bad_request(
    client: httpx.AsyncClient, params: dict[str, str]
) -> None:
    assert (await client.get(COLLECTIONS, params=params)).status_code == 400


async def test_filters_name_genres_and_countries_with_their_empty_names(client: httpx.AsyncClient) -> None:
    filters = (await client.get(FILTERS)).json()
    genres = {entry["id"]: entry["genre"] for entry in filters["genres"]}
    countries = {entry["id"]: entry["country"] for entry in filters["countries"]}
    assert (len(genres), len(countries)) == (33, 250)
    assert (genres[1], genres[25], countries[1], countries[54]) == ("триллер", "", "США", "")
