"""The log of calls and its counters."""

import asyncio
import time

import httpx

from dev.sandbox.calls import LOG_LENGTH, CallLog
from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import FILM, KEY, SEARCH, order, until


async def test_every_call_is_counted_refused_ones_too(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.quota = 3
    await client.get(FILM)
    await client.get("/api/v2.2/films/301/similars")
    await client.get("/api/v2.2/films/abc")
    await client.get(FILM)
    await client.get(SEARCH, headers={"X-API-KEY": "nobody"})
    calls = (await client.get("/sandbox/calls", params={"log": "0"})).json()
    assert calls == {
        "total": 5,
        "by_path": {
            "/api/v2.2/films/{id}": 3,
            "/api/v2.2/films/{id}/similars": 1,
            "/api/v2.1/films/search-by-keyword": 1,
        },
        "by_film": {"301": 3},
        "by_key": {"-key": 4, "body": 1},
        "by_status": {"200": 2, "400": 1, "402": 1, "401": 1},
        "in_flight": 0,
        "max_in_flight": 1,
    }


async def test_the_log_holds_no_whole_key(client: httpx.AsyncClient) -> None:
    before = time.time()
    await client.get(FILM)
    await client.get(KEY)
    response = await client.get("/sandbox/calls")
    film, key = response.json()["log"]
    assert before <= film.pop("at") <= key.pop("at") <= time.time()
    assert film == {"path": "/api/v2.2/films/{id}", "film": 301, "key": "-key", "status": 200}
    assert key == {"path": "/api/v1/api_keys/{key}", "film": None, "key": "-key", "status": 200}
    assert "sandbox-key" not in response.text


async def test_calls_of_the_control_are_not_counted(client: httpx.AsyncClient) -> None:
    await client.get("/sandbox/faults")
    assert (await client.get("/sandbox/calls")).json()["total"] == 0


async def test_the_most_calls_at_a_time_are_remembered(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, "hang", times=3)
    waiting = [asyncio.create_task(client.get(FILM)) for _ in range(3)]
    await until(lambda: sandbox.sandbox.calls.in_flight == 3)
    calls = (await client.get("/sandbox/calls")).json()
    assert (calls["in_flight"], calls["max_in_flight"], calls["by_status"]) == (3, 3, {"0": 3})
    for task in waiting:
        task.cancel()
    await until(lambda: sandbox.sandbox.calls.in_flight == 0)
    assert (await sandbox.calls())["max_in_flight"] == 3


async def test_forgotten_calls_give_the_quota_back(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.quota = 1
    assert [(await client.get(FILM)).status_code for _ in range(2)] == [200, 402]
    assert (await client.delete("/sandbox/calls")).status_code == 204
    calls = await sandbox.calls()
    assert (calls["total"], calls["by_status"], calls["log"]) == (0, {}, [])
    assert (await client.get(FILM)).status_code == 200


async def test_a_call_that_ends_after_the_counters_were_reset_is_not_counted(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    await order(client, "latency", seconds=0.05)
    waiting = asyncio.create_task(client.get(FILM))
    await until(lambda: sandbox.sandbox.calls.in_flight == 1)
    await sandbox.forget_calls()
    assert (await waiting).status_code == 200
    calls = await sandbox.calls()
    assert (calls["total"], calls["by_status"], calls["max_in_flight"]) == (0, {}, 1)


def test_the_log_is_bounded_the_counters_are_not() -> None:
    calls = CallLog()
    for _ in range(LOG_LENGTH + 5):
        calls.begin("/api", 301, "sandbox-key")
    document = calls.document()
    assert len(document["log"]) == LOG_LENGTH
    assert document["total"] == document["by_film"]["301"] == LOG_LENGTH + 5
