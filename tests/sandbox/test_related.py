"""Similar films, sequels and prequels."""

import httpx
import pytest

from dev.sandbox.server import RunningSandbox

KEYS = {"filmId", "nameRu", "nameEn", "nameOriginal", "posterUrl", "posterUrlPreview", "relationType"}


async def test_similar_films_have_neither_year_nor_rating(client: httpx.AsyncClient) -> None:
    similars = (await client.get("/api/v2.2/films/41519/similars")).json()
    assert similars["total"] == len(similars["items"]) > 1
    for item in similars["items"]:
        assert item.keys() == KEYS
        assert item["relationType"] == "SIMILAR"


@pytest.mark.parametrize("film_id", [4446084, 999_999_999])
async def test_no_similar_films_are_an_empty_list(client: httpx.AsyncClient, film_id: int) -> None:
    response = await client.get(f"/api/v2.2/films/{film_id}/similars")
    assert (response.status_code, response.json()) == (200, {"total": 0, "items": []})


async def test_sequels_and_prequels_are_a_bare_array(client: httpx.AsyncClient) -> None:
    related = (await client.get("/api/v2.1/films/299/sequels_and_prequels")).json()
    assert related == []
    related = (await client.get("/api/v2.1/films/301/sequels_and_prequels")).json()
    assert {"filmId": 299, "relationType": "SEQUEL"}.items() <= related[0].items()
    assert all(item.keys() == KEYS for item in related)


async def test_an_older_relative_is_a_prequel(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await sandbox.put_film(299, year=1990)
    related = (await client.get("/api/v2.1/films/301/sequels_and_prequels")).json()
    assert related[0]["relationType"] == "PREQUEL"


async def test_sequels_of_an_unknown_film_are_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v2.1/films/999999999/sequels_and_prequels")).status_code == 404


async def test_a_removed_film_is_no_relative(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await sandbox.remove_film(299)
    related = (await client.get("/api/v2.1/films/301/sequels_and_prequels")).json()
    assert 299 not in [item["filmId"] for item in related]
