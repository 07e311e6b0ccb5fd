"""Which calls a fault strikes, how often, and what it has to do with limits."""

import asyncio
from collections import Counter

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import FILM, FILTERS, SEARCH, order


@pytest.mark.parametrize(("path", "struck"), [("film", [FILM]), ("search", [SEARCH]), ("any", [FILM, SEARCH, FILTERS])])
async def test_a_fault_strikes_its_path_only(client: httpx.AsyncClient, path: str, struck: list[str]) -> None:
    await order(client, "status", status=503, path=path)
    paths = (FILM, SEARCH, FILTERS)
    statuses = {path: (await client.get(path, params={"keyword": "брат"})).status_code for path in paths}
    assert statuses == {path: 503 if path in struck else 200 for path in paths}


async def test_a_fault_strikes_its_film_only(client: httpx.AsyncClient) -> None:
    await order(client, "status", status=503, film=301)
    paths = (FILM, "/api/v2.2/films/301/similars", "/api/v2.2/films/41519")
    assert [(await client.get(path)).status_code for path in paths] == [503, 503, 200]


async def test_a_fault_strikes_so_many_times_and_the_next_one_after_it(client: httpx.AsyncClient) -> None:
    await order(client, "status", status=503, times=2)
    await order(client, "status", status=403, times=1)
    assert [(await client.get(FILM)).status_code for _ in range(4)] == [503, 503, 403, 200]
    faults = (await client.get("/sandbox/faults")).json()
    assert [(fault["times"], fault["struck"]) for fault in faults] == [(0, 2), (0, 1)]


async def test_a_fault_may_strike_by_chance_the_same_in_each_run(client: httpx.AsyncClient) -> None:
    rounds = []
    for _ in range(2):
        await order(client, "status", status=503, probability=0.3)
        rounds.append([(await client.get(FILM)).status_code for _ in range(100)])
        await client.delete("/sandbox/faults")
    assert rounds[0] == rounds[1]
    assert 15 <= Counter(rounds[0])[503] <= 45


async def test_a_fault_in_place_of_an_answer_comes_before_the_limits(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    sandbox.options.quota = 0
    await order(client, "html", times=1)
    assert [(await client.get(FILM)).status_code for _ in range(2)] == [502, 402]


async def test_a_fault_that_spoils_answers_waits_for_one(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.quota = 0
    await order(client, "nulls", times=1)
    assert (await client.get(FILM)).status_code == 402
    sandbox.options.quota = -1
    assert (await client.get(FILM)).json()["nameRu"] is None


async def test_faulted_calls_are_counted(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, "html")
    await asyncio.gather(*(client.get(FILM) for _ in range(5)))
    calls = await sandbox.calls(log=False)
    assert (calls["total"], calls["by_film"], calls["by_status"]) == (5, {"301": 5}, {"502": 5})


async def test_faults_are_over_when_they_are_deleted(client: httpx.AsyncClient) -> None:
    await order(client, "html")
    assert (await client.delete("/sandbox/faults")).status_code == 204
    assert (await client.get("/sandbox/faults")).json() == []
    assert (await client.get(FILM)).status_code == 200
