"""The client against a Kinopoisk without a network: what each answer means, what leaves the process, what is told."""

import asyncio
import json
import logging
import traceback
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from structlog.testing import capture_logs

from shared.kinopoisk import errors
from shared.kinopoisk.client import KinopoiskClient, parse
from shared.kinopoisk.models import Film
from tests.upstream.bodies import FILM_PATH, FOUND, KEY, SEARCH_PATH, client_of, film_json, page_json

HTML = "<html><head><title>502 Bad Gateway</title></head></html>"
QUOTA = '{"message":"You exceeded the quota. You have sent 503 request, but available 500 per day"}'

BY_STATUS = [
    (401, errors.KeyRefused, '{"message":"You don\'t have permissions."}'),
    (402, errors.QuotaExhausted, QUOTA),
    (403, errors.KeyRefused, ""),
    (404, errors.FilmUnknown, ""),
    (404, errors.FilmUnknown, '{"message":"Film not found"}'),
    (429, errors.TooFast, '{"message":"Rate limit exceeded"}'),
    (500, errors.KinopoiskUnavailable, HTML),
    (502, errors.KinopoiskUnavailable, HTML),
    (503, errors.KinopoiskUnavailable, "{}"),
    (504, errors.KinopoiskUnavailable, HTML),
    (204, errors.KinopoiskUnavailable, ""),
    (301, errors.KinopoiskUnavailable, ""),
    (400, errors.KinopoiskUnavailable, '{"message":"Bad Request"}'),
    (418, errors.KinopoiskUnavailable, film_json()),
]
FAILURES = [
    httpx.ConnectTimeout,
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ConnectError,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.ProxyError,
    httpx.DecodingError,
    OSError,
    TimeoutError,
]
KEYWORDS = [
    "Матрица",
    "Том & Джерри",
    "a&page=20",
    "100%",
    "%D0%9C",
    "C++",
    "a b",
    "a=b#c?d",
    "a/../../b",
    "🎬🍿",
    "é ё й",
    "\u00a0",
    "\"'<>\\",
    "\r\nX-Evil: 1",
]


def answering(upstream: respx.MockRouter, body: str | bytes, status: int = 200, **headers: str) -> respx.Route:
    return upstream.get(FILM_PATH).mock(httpx.Response(status, content=body, headers=headers))


async def error_of(kinopoisk: KinopoiskClient) -> errors.KinopoiskError:
    with pytest.raises(errors.KinopoiskError) as caught:
        await kinopoisk.film(301)
    return caught.value


async def test_a_film_comes_with_its_body_as_received(upstream: respx.MockRouter, kinopoisk: KinopoiskClient) -> None:
    answering(upstream, film_json())
    body = await kinopoisk.film(301)
    film = parse(Film, body)
    assert (body, film.kinopoisk_id, film.name_ru) == (film_json(), 301, "Матрица")


async def test_a_search_asks_for_keyword_and_page(upstream: respx.MockRouter, kinopoisk: KinopoiskClient) -> None:
    route = upstream.get(SEARCH_PATH, params={"keyword": "иван", "page": "3"}).respond(text=page_json(FOUND))
    page = await kinopoisk.search("иван", 3)
    assert route.called
    assert [listed.film.kinopoisk_id for listed in page.films] == [42664]


@pytest.mark.parametrize(
    ("status", "kind", "body"), BY_STATUS, ids=[f"{row[0]}-{i}" for i, row in enumerate(BY_STATUS)]
)
async def test_each_status_is_an_error_of_its_own(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, status: int, kind: type[errors.KinopoiskError], body: str
) -> None:
    answering(upstream, body, status)
    assert type(await error_of(kinopoisk)) is kind


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(upstream: respx.MockRouter, kinopoisk: KinopoiskClient, status: int) -> None:
    elsewhere = upstream.get("/elsewhere").respond(text=film_json())
    answering(upstream, "", status, location="http://kinopoisk.test/elsewhere")
    await error_of(kinopoisk)
    assert not elsewhere.called


async def test_a_search_that_finds_nothing_may_be_a_404(upstream: respx.MockRouter, kinopoisk: KinopoiskClient) -> None:
    upstream.get(SEARCH_PATH).respond(404)
    assert (await kinopoisk.search("ничего", 1)).films == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (HTML, errors.KinopoiskUnavailable),
        ("\n  <!DOCTYPE html><p>", errors.KinopoiskUnavailable),
        ("", errors.MalformedAnswer),
        ("kinopoisk: unexpected token", errors.MalformedAnswer),
        ("null", errors.MalformedAnswer),
        ("[]", errors.MalformedAnswer),
        ("{}", errors.MalformedAnswer),
        ('"301"', errors.MalformedAnswer),
        (film_json()[:-10], errors.MalformedAnswer),
        (film_json() + "{}", errors.MalformedAnswer),
        ('{"kinopoiskId": 301, "year": NaN, "nameRu": ', errors.MalformedAnswer),
        ("[" * 20_000, errors.MalformedAnswer),
        ('{"kinopoiskId": ' + "1" * 5_000 + "}", errors.MalformedAnswer),
        (b"\xef\xbb\xbf\xff\xfe", errors.MalformedAnswer),
        (film_json().encode("utf-16"), errors.MalformedAnswer),
        (film_json().encode("cp1251"), errors.MalformedAnswer),
        ('{"kinopoiskId": 301, "nameRu": "\\ud800"}', errors.MalformedAnswer),
        (film_json(nameRu=301), errors.MalformedAnswer),
        (film_json(genres="драма"), errors.MalformedAnswer),
        (film_json(genres=[{"genre": 5}]), errors.MalformedAnswer),
        (film_json(countries={"country": "США"}), errors.MalformedAnswer),
        (film_json(type=["FILM"]), errors.MalformedAnswer),
        (film_json(kinopoiskId=None), errors.MalformedAnswer),
        (film_json(kinopoiskId=0), errors.MalformedAnswer),
        (film_json(kinopoiskId=-301), errors.MalformedAnswer),
        (film_json(kinopoiskId=2**31), errors.MalformedAnswer),
        (film_json(kinopoiskId="abc"), errors.MalformedAnswer),
        (film_json(kinopoiskId=302), errors.MalformedAnswer),
    ],
)
async def test_a_200_that_is_no_film_is_no_film(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, body: str | bytes, kind: type[errors.KinopoiskError]
) -> None:
    answering(upstream, body)
    assert type(await error_of(kinopoisk)) is kind


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_broken_call_means_unavailable_and_is_made_once(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, failure: type[Exception]
) -> None:
    route = upstream.get(FILM_PATH).mock(side_effect=failure("canary"))
    assert type(await error_of(kinopoisk)) is errors.KinopoiskUnavailable
    assert route.call_count == 1


async def test_a_call_may_not_take_longer_than_the_deadline(upstream: respx.MockRouter) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    upstream.get(FILM_PATH).mock(side_effect=never)
    kinopoisk = client_of(deadline=0.05)
    async with asyncio.timeout(2):
        assert type(await error_of(kinopoisk)) is errors.KinopoiskUnavailable
    await kinopoisk.close()


async def test_a_caller_that_gives_up_is_cancelled_and_not_told_of_an_error(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    asked = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    upstream.get(FILM_PATH).mock(side_effect=never)
    call = asyncio.create_task(kinopoisk.film(301))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_keyword_travels_whole_whatever_it_holds(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, subtests: pytest.Subtests
) -> None:
    route = upstream.get(path=SEARCH_PATH).respond(text=page_json())
    for keyword in KEYWORDS:
        with subtests.test(keyword=keyword):
            await kinopoisk.search(keyword, 2)
            url = route.calls.last.request.url
            assert parse_qs(url.query.decode("ascii")) == {"keyword": [keyword], "page": ["2"]}
            assert url.path == SEARCH_PATH


async def test_a_keyword_that_cannot_be_sent_is_an_error_of_ours(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    upstream.get(path=SEARCH_PATH).respond(text=page_json())
    with pytest.raises(errors.KinopoiskError):
        await kinopoisk.search("\ud800", 1)


async def test_the_key_travels_in_its_header_and_nowhere_else(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    route = answering(upstream, film_json())
    await kinopoisk.film(301)
    request = route.calls.last.request
    assert request.headers["X-API-KEY"] == KEY
    others = {name: value for name, value in request.headers.items() if name != "x-api-key"}
    assert KEY not in f"{request.url} {others} {request.content!r}"


async def test_a_key_that_is_not_ascii_is_refused_like_any_wrong_key(upstream: respx.MockRouter) -> None:
    answering(upstream, "", 401)
    kinopoisk = client_of(key="ключ")
    with pytest.raises(errors.KinopoiskError):
        await kinopoisk.film(301)
    await kinopoisk.close()


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text=film_json()), httpx.Response(401), httpx.ReadTimeout("canary"), httpx.ConnectError("x")],
    ids=["ok", "refused", "slow", "down"],
)
async def test_no_log_line_holds_the_key(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    mock = {"return_value": answer} if isinstance(answer, httpx.Response) else {"side_effect": answer}
    upstream.get(FILM_PATH).mock(**mock)
    with capture_logs() as events, caplog.at_level(logging.DEBUG):
        await asyncio.gather(kinopoisk.film(301), return_exceptions=True)
    assert [event["event"] for event in events] == ["kinopoisk_called"]
    assert KEY not in json.dumps(events, default=repr) + caplog.text


async def test_no_error_holds_the_key_or_what_the_network_said(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, subtests: pytest.Subtests
) -> None:
    for failure in FAILURES:
        with subtests.test(failure=failure.__name__):
            upstream.get(FILM_PATH).mock(side_effect=failure(f"canary {KEY}"))
            error = await error_of(kinopoisk)
            told = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
            assert KEY not in told


async def test_no_log_line_holds_what_was_searched_for(upstream: respx.MockRouter, kinopoisk: KinopoiskClient) -> None:
    upstream.get(path=SEARCH_PATH).respond(text=page_json())
    with capture_logs() as events:
        await kinopoisk.search("канарейка", 1)
    assert events[0]["endpoint"] == "search"
    assert "канарейка" not in json.dumps(events, ensure_ascii=False)


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [(httpx.Response(402), 402, "upstream-quota-exhausted"), (httpx.ReadTimeout("x"), None, "ReadTimeout")],
    ids=["402", "slow"],
)
async def test_the_log_says_what_came_of_a_call(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient, answer: Any, status: int | None, outcome: str
) -> None:
    mock = {"return_value": answer} if isinstance(answer, httpx.Response) else {"side_effect": answer}
    upstream.get(FILM_PATH).mock(**mock)
    with capture_logs() as events:
        await error_of(kinopoisk)
    assert (events[0]["status"], events[0]["outcome"]) == (status, outcome)


async def test_too_many_calls_under_way_here_is_no_fault_of_upstream(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    upstream.get(FILM_PATH).mock(side_effect=httpx.PoolTimeout("x"))
    assert isinstance(await error_of(kinopoisk), errors.NoConnection)


async def test_a_404_of_something_in_between_says_nothing_about_the_film(
    upstream: respx.MockRouter, kinopoisk: KinopoiskClient
) -> None:
    upstream.get(FILM_PATH).respond(404, html="<h1>nginx</h1>")
    assert isinstance(await error_of(kinopoisk), errors.KinopoiskUnavailable)


async def test_every_error_has_a_code_and_a_place_in_the_tree() -> None:
    codes = {kind: kind.code for kind in (errors.KeyRefused, errors.QuotaExhausted, errors.TooFast, errors.FilmUnknown)}
    assert len(set(codes.values())) == len(codes)
    for kind in (errors.KeyRefused, errors.QuotaExhausted, errors.TooFast):
        assert issubclass(kind, errors.KinopoiskRefusal)
    for fault in (errors.KinopoiskUnavailable, errors.MalformedAnswer):
        assert issubclass(fault, errors.KinopoiskFault)
