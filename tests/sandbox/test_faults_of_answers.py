"""Faults that come in place of an answer, and answers that are spoilt."""

import json

import httpx
import orjson
import pytest

from tests.sandbox.helpers import COLLECTIONS, FILM, FILMS, SEARCH, order

RELATED = "/api/v2.1/films/301/sequels_and_prequels"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Bad Request"),
        (401, "You don't have permissions. See https://kinopoiskapiunofficial.tech"),
        (402, "You exceeded the quota. You have sent 503 request, but available 500 per day"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (429, "Rate limit exceeded"),
        (503, "Service Unavailable"),
        (599, "Error"),
    ],
)
async def test_a_status_comes_with_its_recorded_body(client: httpx.AsyncClient, status: int, message: str) -> None:
    await order(client, "status", status=status)
    response = await client.get(FILM)
    assert (response.status_code, response.json()) == (status, {"message": message})
    assert response.headers["content-type"] == "application/json"


async def test_a_404_may_have_no_body(client: httpx.AsyncClient) -> None:
    await order(client, "status", status=404, body="empty")
    response = await client.get(FILM)
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize(("given", "status"), [({}, 502), ({"status": 500}, 500), ({"status": 504}, 504)])
async def test_a_broken_gateway_answers_in_html(client: httpx.AsyncClient, given: dict[str, int], status: int) -> None:
    await order(client, "html", **given)
    response = await client.get(FILM)
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html")
    assert f"<h1>{status} " in response.text


async def test_garbage_is_no_json(client: httpx.AsyncClient) -> None:
    await order(client, "garbage")
    response = await client.get(FILM)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_a_good_answer_may_be_empty(client: httpx.AsyncClient) -> None:
    await order(client, "empty")
    response = await client.get(FILM)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(("given", "status"), [({}, 302), ({"status": 308}, 308)])
async def test_a_redirect_leads_away(client: httpx.AsyncClient, given: dict[str, int], status: int) -> None:
    await order(client, "redirect", **given)
    response = await client.get(FILM)
    assert response.status_code == status
    assert response.headers["location"].startswith("https://")


async def test_nulls_are_wherever_they_may_be(client: httpx.AsyncClient) -> None:
    await order(client, "nulls")
    film = (await client.get(FILM)).json()
    assert len(film) == 45
    assert {key for key, value in film.items() if value is not None} == {
        *("kinopoiskId", "posterUrl", "posterUrlPreview", "reviewsCount", "webUrl", "isTicketsAvailable"),
        *("type", "lastSync", "countries", "genres"),
    }


async def test_fields_may_have_wrong_types(client: httpx.AsyncClient) -> None:
    await order(client, "wrong_types")
    film = (await client.get(FILM)).json()
    assert film["kinopoiskId"] == 301
    assert isinstance(film["nameRu"], int)
    assert isinstance(film["year"], str)
    assert isinstance(film["genres"], str)
    assert "ratingVoteCount" not in film


async def test_enums_may_grow(client: httpx.AsyncClient) -> None:
    await order(client, "unknown_enum")
    film = (await client.get(FILM)).json()
    assert film["type"] == "HOLOGRAM"
    assert {"genre": "киберпанк"} in film["genres"]
    assert {"genre": "фантастика"} in film["genres"]


@pytest.mark.parametrize("path", [f"{SEARCH}?keyword=брат", FILMS, COLLECTIONS, RELATED])
async def test_the_items_of_lists_are_spoilt_too(client: httpx.AsyncClient, path: str) -> None:
    await order(client, "unknown_enum", times=1)
    await order(client, "nulls", times=1)
    for wanted in ({"HOLOGRAM"}, {None}):
        answer = (await client.get(path)).json()
        items = answer if isinstance(answer, list) else answer.get("films") or answer["items"]
        seen = {item.get("type", item.get("relationType")) if None not in wanted else item["nameRu"] for item in items}
        assert seen == wanted


async def test_an_answer_without_films_has_nothing_to_spoil(client: httpx.AsyncClient) -> None:
    right = (await client.get("/api/v1/api_keys/sandbox-key")).json()
    for kind in ("unknown_enum", "wrong_types", "surrogate"):
        await order(client, kind, times=1)
        assert (await client.get("/api/v1/api_keys/sandbox-key")).json() == right


async def test_a_name_may_be_bad_utf_8(client: httpx.AsyncClient) -> None:
    await order(client, "bad_utf8")
    body = (await client.get(FILM)).content
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert json.loads(body.decode(errors="ignore"))["nameRu"] == "Матрица"


async def test_a_name_may_hold_a_lone_surrogate(client: httpx.AsyncClient) -> None:
    await order(client, "surrogate")
    response = await client.get(FILM)
    assert response.json()["nameRu"] == "\ud800Матрица"
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(response.content)


async def test_a_name_may_hold_a_null_character(client: httpx.AsyncClient) -> None:
    await order(client, "null_bytes")
    assert (await client.get(FILM)).json()["nameRu"] == "\u0000Матрица"
