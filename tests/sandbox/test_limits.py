"""Keys, quota and rates."""

import httpx
import pytest

from dev.sandbox.server import RunningSandbox
from tests.sandbox.conftest import Clock
from tests.sandbox.helpers import COLLECTIONS, FILM, FILMS, FILTERS, KEY, SEARCH

NO_PERMISSIONS = {"message": "You don't have permissions. See https://kinopoiskapiunofficial.tech"}


async def statuses(client: httpx.AsyncClient, path: str, times: int) -> list[int]:
    params = {"keyword": "брат"} if path == SEARCH else {}
    return [(await client.get(path, params=params)).status_code for _ in range(times)]


@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": ""}, {"X-API-KEY": "another"}, {"X-API-KEY": "SANDBOX-KEY"}])
@pytest.mark.parametrize("path", [FILM, SEARCH, FILTERS, KEY, "/api/v1/nothing"])
async def test_a_wrong_or_missing_key_has_no_permissions(
    sandbox: RunningSandbox, headers: dict[str, str], path: str
) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url, verify=False, trust_env=False) as stranger:
        response = await stranger.get(path, headers=headers)
    assert (response.status_code, response.json()) == (401, NO_PERMISSIONS)
    assert "content-encoding" not in response.headers


async def test_the_quota_counts_refused_calls_too(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.quota = 2
    assert await statuses(client, FILM, 4) == [200, 200, 402, 402]
    response = await client.get(SEARCH, params={"keyword": "брат"})
    text = "You exceeded the quota. You have sent 5 request, but available 2 per day"
    assert (response.status_code, response.json()) == (402, {"message": text})
    assert "retry-after" not in response.headers


async def test_a_quota_of_zero_refuses_all(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.quota = 0
    assert await statuses(client, FILM, 1) == [402]


async def test_the_quota_comes_back_when_the_window_has_passed(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.quota, sandbox.options.window_seconds = 1, 60
    assert await statuses(client, FILM, 2) == [200, 402]
    clock.forward(59)
    assert await statuses(client, FILM, 1) == [402]
    clock.forward(1)
    assert await statuses(client, FILM, 2) == [200, 402]


async def test_each_key_has_a_quota_of_its_own(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await client.put("/sandbox/settings", json={"keys": ["sandbox-key", "second-key"], "quota": 1})
    assert await statuses(client, FILM, 2) == [200, 402]
    client.headers["X-API-KEY"] = "second-key"
    assert await statuses(client, FILM, 2) == [200, 402]


async def test_a_refusal_by_rate_counts_in_the_quota(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.quota, sandbox.options.rate = 3, 1
    assert await statuses(client, FILM, 4) == [200, 429, 429, 402]


async def test_the_overall_rate_is_a_sliding_second(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.rate = 3
    assert await statuses(client, FILM, 2) == [200, 200]
    clock.forward(0.6)
    assert await statuses(client, FILTERS, 2) == [200, 429]
    clock.forward(0.3)
    assert await statuses(client, FILM, 1) == [429]
    clock.forward(0.1)
    assert await statuses(client, FILM, 3) == [200, 200, 429]


async def test_too_fast_says_nothing_about_when_to_come_back(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.rate = 1
    await client.get(FILM)
    response = await client.get(FILM)
    assert (response.status_code, response.json()) == (429, {"message": "Rate limit exceeded"})
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("path", [SEARCH, FILMS, COLLECTIONS])
async def test_searches_and_lists_have_a_lower_rate_of_their_own(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock, path: str
) -> None:
    sandbox.options.rate, sandbox.options.search_rate = 10, 2
    assert await statuses(client, path, 3) == [200, 200, 429]
    assert await statuses(client, FILM, 9) == [200] * 8 + [429]


async def test_the_overall_rate_holds_for_searches_too(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.rate, sandbox.options.search_rate = 3, 2
    assert await statuses(client, FILM, 2) == [200, 200]
    assert await statuses(client, SEARCH, 2) == [200, 429]


async def test_the_key_tells_its_use_which_costs_no_quota(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.quota, sandbox.options.window_seconds = 500, 60
    await statuses(client, FILM, 3)
    for _ in range(2):
        answer = (await client.get(KEY)).json()
        assert answer == {
            "totalQuota": {"value": -1, "used": 3},
            "dailyQuota": {"value": 500, "used": 3},
            "accountType": "FREE",
        }
    clock.forward(60)
    assert (await client.get(KEY)).json()["dailyQuota"]["used"] == 0
    assert (await client.get(KEY)).json()["totalQuota"]["used"] == 3


async def test_the_key_tells_its_use_beyond_the_quota(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.quota = 1
    await statuses(client, FILM, 3)
    assert (await client.get(KEY)).json()["dailyQuota"] == {"value": 1, "used": 3}


async def test_the_use_of_a_key_may_be_asked_for_twice_a_second(
    client: httpx.AsyncClient, sandbox: RunningSandbox, clock: Clock
) -> None:
    sandbox.options.rate = 20
    assert await statuses(client, KEY, 3) == [200, 200, 429]


async def test_a_key_without_a_quota_is_unlimited(client: httpx.AsyncClient) -> None:
    assert await statuses(client, FILM, 600) == [200] * 600
    answer = (await client.get(KEY)).json()
    assert answer["dailyQuota"] == {"value": -1, "used": 600}
    assert answer["accountType"] == "UNLIMITED"


async def test_the_use_of_an_unknown_key_is_not_told(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/api_keys/another")
    assert (response.status_code, response.json()) == (401, NO_PERMISSIONS)
