"""What every answer tells browsers, under which names the service answers, and whose pages may call it."""

import base64
import hashlib
import re

import httpx
import pytest

from tests.client import Client, Service, problem
from tests.conftest import Serve

SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
PAGE = "https://films.example.org"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "DELETE",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.mark.parametrize("path", ["/genres", "/profile", "/nowhere", "/openapi.json", "/health/live", "/%ff", "/"])
async def test_every_answer_is_secured(service: Service, path: str) -> None:
    answer = await service.http.get(path)
    assert {name: answer.headers.get(name) for name in SECURE} == SECURE


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/assets/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/assets/swagger-ui.css", "text/css; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/genres", "application/json"),
        ("/profile", "application/problem+json"),
    ],
)
async def test_every_answer_says_what_it_is_and_text_how_it_is_written(service: Service, path: str, kind: str) -> None:
    """JSON is UTF-8 and knows no charset (RFC 8259, sections 8.1 and 11)."""
    assert (await service.http.get(path)).headers["content-type"] == kind


async def test_no_answer_sets_a_cookie(service: Service) -> None:
    account = {"username": "anna", "password": "correct horse battery staple"}
    answers = [await service.http.request("POST", path, json=account) for path in ("/register", "/login")]
    answers += [await service.http.get(path) for path in ("/docs", "/genres", "/profile")]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 401]
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


@pytest.mark.parametrize("tail", ["../../api/main.py", "..%2f..%2fmain.py", "%2e%2e/%2e%2e/x", "/etc/passwd", "", "."])
async def test_beside_the_scripts_of_the_page_no_file_is_served(service: Service, tail: str) -> None:
    problem(await service.http.get(f"/docs/assets/{tail}"), 404, "not-found")


async def test_no_header_is_there_twice(service: Service) -> None:
    for path in ("/docs", "/genres", "/profile"):
        names = [name for name, _ in (await service.http.get(path)).headers.multi_items()]
        assert len(names) == len(set(names))


async def test_a_crash_is_secured_too(anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.queries.pages.json_if_changed", None)
    answer = await anna.get("/movies/favorites")
    assert {"status": answer.status_code, **{name: answer.headers.get(name) for name in SECURE}} == {
        "status": 500,
        **SECURE,
    }


async def test_the_page_of_calls_may_load_its_own_parts_and_nothing_else(service: Service) -> None:
    page = await service.http.get("/docs")
    policy = page.headers["content-security-policy"]
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert {name: page.headers[name] for name in SECURE if name != "content-security-policy"}.items() <= SECURE.items()


async def test_nothing_says_what_the_server_is(service: Service) -> None:
    for path in ("/genres", "/docs", "/nowhere"):
        assert not {"server", "x-powered-by", "via"} & set((await service.http.get(path)).headers)


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_refused_with_those_that_there_are(service: Service, method: str) -> None:
    answer = await service.http.request(method, "/movies/favorites", headers={"X-Canary": "canary"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "canary" not in answer.text


async def test_without_names_any_will_do(service: Service) -> None:
    assert (await service.http.get("/genres", headers={"Host": "any.test:99"})).status_code == 200


HOSTS = {"allowed_hosts": ("films.example.org", "*.example.com", "[2001:db8::1]")}


@pytest.mark.parametrize(
    "host", ["films.example.org", "FILMS.example.org:8000", "a.example.com", "b.a.example.com:1", "[2001:DB8::1]:80"]
)
async def test_names_that_are_allowed(serve: Serve, host: str) -> None:
    service = await serve(api=HOSTS)
    assert (await service.http.get("/genres", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.test", "example.com", "evil-example.com", "films.example.org.evil.test", "", "[2001:db8::2]"),
        *("films.example.org@evil.test", "evil.test:films.example.org", "films.example.org."),
    ],
)
async def test_names_that_are_not(serve: Serve, host: str) -> None:
    service = await serve(api=HOSTS)
    problem(await service.http.get("/genres", headers={"Host": host}), 400, "unknown-host")


async def test_two_names_are_none(serve: Serve) -> None:
    service = await serve(api=HOSTS)
    twice = [("Host", "films.example.org"), ("Host", "films.example.org")]
    problem(await service.http.get("/genres", headers=twice), 400, "unknown-host")


async def test_probes_may_use_any_name(serve: Serve) -> None:
    service = await serve(api=HOSTS)
    assert (await service.http.get("/health/live", headers={"Host": "127.0.0.1:8000"})).status_code == 200


def shared(headers: httpx.Headers) -> set[str]:
    return {name for name in headers if name.startswith("access-control-")}


async def test_pages_elsewhere_may_not_call_unless_they_are_named(service: Service) -> None:
    answer = await service.http.get("/genres", headers={"Origin": PAGE})
    preflight = await service.http.options("/movies/favorites/301", headers=PREFLIGHT)
    assert (shared(answer.headers), shared(preflight.headers), preflight.status_code) == (set(), set(), 405)


async def test_a_named_page_may_ask_before_it_calls(serve: Serve) -> None:
    service = await serve(api={"cors_origins": (PAGE,)})
    answer = await service.http.options("/movies/favorites/301", headers=PREFLIGHT)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/genres", "/profile", "/%ff"])
async def test_a_named_page_may_read_answers_and_refusals(serve: Serve, path: str) -> None:
    service = await serve(api={"cors_origins": (PAGE,)})
    answer = await service.http.get(path, headers={"Origin": PAGE})
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-expose-headers"] == "ETag, X-Request-ID, Retry-After, Location"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.test", "null", f"{PAGE}.evil.test", "http://films.example.org"])
async def test_other_pages_may_not(serve: Serve, origin: str) -> None:
    service = await serve(api={"cors_origins": (PAGE,)})
    answer = await service.http.get("/genres", headers={"Origin": origin})
    preflight = await service.http.options("/movies/favorites/301", headers=PREFLIGHT | {"Origin": origin})
    problem(preflight, 400, "cross-origin-refused")
    for headers in (answer.headers, preflight.headers):
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "wanted",
    [
        {"Origin": "https://evil.test"},
        {"Access-Control-Request-Method": "TRACE"},
        {"Access-Control-Request-Headers": "x-evil.test"},
        {"Access-Control-Request-Headers": "x-evil.test\u00ff"},
    ],
    ids=["page", "method", "header", "not ASCII"],
)
async def test_a_page_that_asks_for_too_much_is_told_so_without_an_echo(serve: Serve, wanted: dict[str, str]) -> None:
    service = await serve(api={"cors_origins": (PAGE,)})
    headers = {name: value.encode("latin-1") for name, value in (PREFLIGHT | wanted).items()}
    answer = await service.http.options("/movies/favorites/301", headers=headers)
    problem(answer, 400, "cross-origin-refused")
    assert "evil.test" not in answer.text + str(answer.headers)
    assert shared(answer.headers) == set()
