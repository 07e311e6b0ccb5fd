"""The control over HTTP: settings, films, and what it refuses."""

from typing import Any

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import COLLECTIONS, FILM, order, search


async def test_settings_are_changed_one_by_one(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    changed = (await client.put("/sandbox/settings", json={"quota": 7, "keys": ["one", "two"]})).json()
    assert changed == {
        "keys": ["one", "two"],
        "quota": 7,
        "window_seconds": 86_400,
        "rate": 0,
        "search_rate": 0,
        "latency_ms": 0,
    }
    assert (await client.get("/sandbox/settings")).json() == changed
    assert (sandbox.options.quota, sandbox.options.keys) == (7, ("one", "two"))
    assert (await client.get(FILM)).status_code == 401


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "The body must be a JSON object"),
        ({"quotas": 1}, "Unknown: quotas. Known: keys, quota, window_seconds, rate, search_rate, latency_ms"),
        ({"quota": "many"}, "quota must be int"),
        ({"quota": True}, "quota must be int"),
        ({"quota": -2}, "quota must be -1 or more"),
        ({"rate": 1.5}, "rate must be int"),
        ({"latency_ms": -1}, "latency_ms must be 0 or more"),
        ({"keys": ["one", ""]}, "keys must be a list of non-empty strings"),
    ],
)
async def test_wrong_settings_are_refused_and_change_nothing(
    client: httpx.AsyncClient, body: Any, message: str
) -> None:
    before = (await client.get("/sandbox/settings")).json()
    response = await client.put("/sandbox/settings", json=body)
    assert (response.status_code, response.json()) == (400, {"message": message})
    assert (await client.get("/sandbox/settings")).json() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "kind must be one of: latency, status"),
        ({"kind": "fire"}, "kind must be one of: latency, status"),
        ({"kind": "html", "path": "films"}, "path must be one of: any, film, search"),
        ({"kind": "status", "body": "xml"}, "body must be one of: json, empty"),
        ({"kind": "hang", "times": 0}, "times must be 1 or more"),
        ({"kind": "hang", "probability": -1}, "probability must be 0 or more"),
        ({"kind": "drip", "seconds": -1}, "seconds must be 0 or more"),
        ({"kind": "status", "status": 200}, "status of this kind must be 400 to 599"),
        ({"kind": "html", "status": 404}, "status of this kind must be 500 to 599"),
        ({"kind": "hang", "film": "301"}, "film must be int"),
        ({"kind": "hang", "color": 1}, "Unknown: color."),
    ],
)
async def test_a_wrong_fault_is_refused(client: httpx.AsyncClient, body: Any, message: str) -> None:
    response = await client.post("/sandbox/faults", json=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith(message)
    assert (await client.get("/sandbox/faults")).json() == []


async def test_a_body_that_is_no_json_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/sandbox/faults", content=b"{")
    assert response.status_code == 400
    assert response.json()["message"]


async def test_an_unknown_address_of_the_control_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/sandbox/nothing")).status_code == 404


async def test_a_film_can_be_changed_in_part(client: httpx.AsyncClient) -> None:
    before = (await client.get(FILM)).json()
    changes = {"ratingKinopoisk": 9.9, "nameRu": "Матрица 2.0", "slogan": "Проснись", "genres": [{"genre": "драма"}]}
    answer = await client.put("/sandbox/films/301", json=changes)
    assert answer.json() == before | changes == (await client.get(FILM)).json()
    item = (await search(client, "матрица 2.0"))["films"][0]
    assert (item["filmId"], item["rating"], item["genres"]) == (301, "9.9", [{"genre": "драма"}])
    assert (await search(client, "матрица"))["searchFilmsCountResult"] == 2
    await client.put("/sandbox/films/301", json={"year": 2030})
    assert (await client.get(FILM)).json() == before | changes | {"year": 2030}


async def test_a_film_can_be_added_beyond_all_ids(client: httpx.AsyncClient) -> None:
    body = {"nameRu": "Новый", "ratingKinopoiskVoteCount": 9_000_000, "countries": [{"country": "Россия"}]}
    await client.put("/sandbox/films/7400688", json=body)
    film = (await client.get("/api/v2.2/films/7400688")).json()
    assert len(film) == 45
    assert (film["kinopoiskId"], film["nameRu"], film["year"], film["type"]) == (7_400_688, "Новый", None, "FILM")
    assert (await client.get(COLLECTIONS)).json()["items"][0]["kinopoiskId"] == 7_400_688


async def test_a_changed_film_has_no_oddities(client: httpx.AsyncClient) -> None:
    for film_id in range(101 * 80_000, 101 * 80_001):
        body = {"nameRu": f"Новый фильм {film_id}", "ratingKinopoisk": 7.0, "year": 2030}
        assert (await client.put(f"/sandbox/films/{film_id}", json=body)).json()["nameRu"] == body["nameRu"]
    items = [item for page in range(1, 7) for item in (await search(client, "новый фильм", page))["films"]]
    assert len(items) >= 101
    new = [item for item in items if item["filmId"] >= 101 * 80_000]
    assert {(item["rating"], item["year"], item.get("nameEn")) for item in new} == {("7.0", "2030", None)}


async def test_a_film_can_be_removed_and_brought_back(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/sandbox/films/301")).status_code == 204
    assert (await client.get(FILM)).status_code == 404
    assert (await search(client, "the matrix"))["films"][0]["filmId"] != 301
    assert (await client.delete("/sandbox/films")).status_code == 204
    assert (await client.get(FILM)).json()["nameRu"] == "Матрица"


@pytest.mark.parametrize(
    ("film_id", "body", "message"),
    [
        ("0", {}, "The film's id must be a number of 1 or more"),
        ("301", {"name": "x"}, "Unknown: name. Known: kinopoiskId,"),
        ("301", {"year": "1999"}, "year must be int or null"),
        ("301", {"ratingKinopoiskVoteCount": None}, "ratingKinopoiskVoteCount must be int"),
        ("301", {"genres": ["драма"]}, "The body must be a JSON object"),
        ("301", {"genres": [{"country": "США"}]}, "Unknown: country. Known: genre"),
    ],
)
async def test_a_wrong_film_is_refused(client: httpx.AsyncClient, film_id: str, body: Any, message: str) -> None:
    response = await client.put(f"/sandbox/films/{film_id}", json=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith(message)
    assert (await client.get(FILM)).json()["year"] == 1999


async def test_a_reset_brings_all_back_to_the_start(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await client.put("/sandbox/settings", json={"quota": 0, "keys": ["other"]})
    await client.delete("/sandbox/films/301")
    await order(client, "html")
    await client.get(FILM)
    assert (await client.post("/sandbox/reset")).status_code == 204
    assert (await sandbox.calls())["total"] == 0
    assert (await client.get(FILM)).status_code == 200
