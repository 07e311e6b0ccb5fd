"""How often one caller may ask, and how many at the same time."""

import asyncio
import uuid
from contextlib import suppress
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from api.request_limits import Crowd
from api.tokens import Identity
from tests.client import PASSWORD, Service, problem
from tests.conftest import Serve
from tests.recorded import Recorded

SLOW = 0.001  # requests a second: within a test, none


async def ask(service: Service, times: int = 1, path: str = "/genres", **headers: str) -> list[int]:
    return [(await service.http.get(path, headers=headers)).status_code for _ in range(times)]


async def ask_from(service: Service, *addresses: str) -> list[int]:
    """As a trusted proxy tells them."""
    sent = [{"X-Forwarded-For": address} for address in addresses]
    return [(await service.http.get("/genres", headers=headers)).status_code for headers in sent]


async def limited(serve: Serve, burst: int, rate: float = SLOW) -> Service:
    service: Service = await serve(limits={"requests_per_second": rate, "request_burst": burst})
    return service


async def test_an_address_has_its_burst(serve: Serve) -> None:
    assert await ask(await limited(serve, 3), 5) == [200, 200, 200, 429, 429]


async def test_who_is_refused_is_told_when_to_come_back(serve: Serve) -> None:
    service = await limited(serve, 1, rate=0.1)
    await ask(service)
    answer = await service.http.get("/genres")
    problem(answer, 429, "too-many-requests")
    assert answer.headers["retry-after"] == "10"


async def test_a_refusal_is_counted(serve: Serve, told: Recorded) -> None:
    await ask(await limited(serve, 1), 3)
    assert told.counts["http.refused.too-many-requests"] == 2


async def test_each_address_has_its_own(serve: Serve) -> None:
    service = await limited(serve, 1)
    assert await ask_from(service, "192.0.2.1", "192.0.2.2", "192.0.2.1") == [200, 200, 429]


async def test_addresses_of_one_ipv6_network_are_one(serve: Serve) -> None:
    service = await limited(serve, 1)
    assert await ask_from(service, "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [200, 429, 200]


async def test_users_behind_one_address_are_told_apart(serve: Serve) -> None:
    service = await limited(serve, 6)
    anna, boris = await service.user("anna"), await service.user("boris")
    asked = [(await who.get("/profile")).status_code for who in (*[anna] * 7, boris)]
    assert asked == [*[200] * 6, 429, 200]


async def test_a_user_is_one_wherever_the_requests_come_from(serve: Serve) -> None:
    service = await limited(serve, 4)
    anna = await service.user("anna")
    places = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(5)]
    asked = [(await anna.get("/profile", headers=place)).status_code for place in places]
    assert asked == [200, 200, 200, 200, 429]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi"])
async def test_who_sends_no_good_token_is_counted_by_address(serve: Serve, token: str) -> None:
    service = await limited(serve, 1)
    assert await ask(service, 2, "/openapi.json", Authorization=token) == [200, 429]


async def test_an_old_token_does_not_slow_its_user(serve: Serve) -> None:
    """Wherever it is sent: to a call that looks its session up, to one that does not, to none at all."""
    service = await limited(serve, 6)
    old = await service.user("anna")
    anna = await service.login("anna")
    await old.send("POST", "/logout")
    elsewhere = {"X-Forwarded-For": "192.0.2.66"}
    paths = ["/profile", "/genres", "/nothing", "/profile", "/genres", "/profile", "/profile", "/genres"]
    told = [(await old.get(path, headers=elsewhere)).status_code for path in paths]
    assert told == [401, 200, 404, 401, 200, 401, 429, 429]
    assert [(await anna.get("/profile")).status_code for _ in range(6)] == [200] * 5 + [429]  # the logout was one


async def test_many_requests_of_an_old_token_at_once_do_not_slow_its_user(serve: Serve) -> None:
    service = await limited(serve, 6)
    old = await service.user("anna")
    anna = await service.login("anna")
    await old.send("POST", "/logout")
    elsewhere = {"X-Forwarded-For": "192.0.2.66"}
    await asyncio.gather(*(old.get("/profile", headers=elsewhere) for _ in range(20)))
    assert [(await anna.get("/profile")).status_code for _ in range(5)] == [200] * 5


async def test_a_user_who_asks_what_is_open_to_all_is_still_the_user(serve: Serve) -> None:
    service = await limited(serve, 4)
    anna = await service.user("anna")
    paths = ["/profile", "/genres", "/genres", "/profile"]
    assert [(await anna.get(path)).status_code for path in paths] == [200] * 4
    assert await ask(service, 3) == [200, 200, 429]  # registering and logging in were the other two


@pytest.mark.parametrize(
    ("method", "path", "body"), [("GET", "/profile", None), ("POST", "/movies/favorites", {"kinopoisk_id": 301})]
)
async def test_a_database_that_is_away_makes_no_user_doubtful(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    service = await limited(serve, 5)
    anna = await service.user("anna")

    def away(_: AsyncEngine) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(AsyncEngine, "raw_connection", away)
        problem(await anna.send(method, path, json=body), 503, "unavailable")
    await ask(service, 5)
    assert (await anna.get("/profile")).status_code == 200


async def test_probes_do_not_count(serve: Serve) -> None:
    service = await limited(serve, 1)
    assert await ask(service, 5, "/health/live") == [200] * 5
    assert await ask(service) == [200]


async def test_what_changes_data_is_limited_as_what_reads(serve: Serve) -> None:
    service = await limited(serve, 2)
    await ask(service, 2)
    answer = await service.http.post("/register", json={"username": "anna", "password": PASSWORD})
    problem(answer, 429, "too-many-requests")


SIGNED_IN = Identity(uuid.uuid4(), uuid.uuid4())


def crowded(most: int) -> tuple[httpx.AsyncClient, asyncio.Event, asyncio.Event]:
    """An app that answers nobody before it is told to; when somebody is in it, and to let all go.

    Whoever asks with a header `User` is logged in.
    """
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            entered.set()
            await go_on.wait()
        await Response("served")(scope, receive, send)

    crowd = Crowd(slow, most)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        claimed = SIGNED_IN if b"user" in dict(scope["headers"]) else None
        await crowd({**scope, "state": {"claimed": claimed}}, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test"), entered, go_on


async def test_more_at_the_same_time_than_there_is_room_for_are_told_to_come_back() -> None:
    http, entered, go_on = crowded(most=1)
    async with http:
        first = asyncio.create_task(http.get("/slow"))
        await entered.wait()
        refused, probe = await http.get("/"), await http.get("/health/live")
        go_on.set()
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "overloaded", "1")
        assert probe.status_code == 200
        assert (await first).status_code == 200
        assert (await http.get("/")).status_code == 200


async def test_a_rush_of_people_who_are_not_logged_in_turns_no_user_away() -> None:
    http, entered, go_on = crowded(most=1)
    async with http:
        stranger = asyncio.create_task(http.get("/slow"))
        await entered.wait()
        user = await http.get("/", headers={"User": "anna"})
        go_on.set()
        await stranger
        assert user.status_code == 200


async def test_who_gives_up_makes_room() -> None:
    http, entered, _ = crowded(most=1)
    async with http:
        first = asyncio.create_task(http.get("/slow"))
        await entered.wait()
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        assert (await http.get("/")).status_code == 200
