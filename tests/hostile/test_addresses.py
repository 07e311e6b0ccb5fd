"""Addresses that mean harm: parameters, cursors, pages, paths, methods."""

import base64
import struct
import uuid
from urllib.parse import quote

import pytest

from tests.hostile.fort import CANARY, REFUSALS, Fort, refused

pytestmark = pytest.mark.usefixtures("unharmed")

NUMBERS: dict[str, int] = {
    "0": 422,
    "-1": 422,
    "%2B1": 422,
    "101": 422,
    "2147483648": 422,
    "1" * 30: 422,
    "1" * 5_000: 422,
    "abc": 422,
    CANARY: 422,
    "1.5": 422,
    "1.0": 422,
    "1e1": 422,
    "0x1": 422,
    "1_0": 422,
    "%D9%A3": 422,
    "%EF%BC%91": 422,
    "": 422,
    "%20": 422,
    "1%20": 422,
    "1%0A": 422,
    "true": 422,
    "null": 422,
    "NaN": 422,
    "1,2": 422,
    "[1]": 422,
    "%00": 400,
    "1%00": 400,
    "%ff": 400,
    "%ED%A0%80": 400,
}


def packed(microseconds: int, kinopoisk_id: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">qi", microseconds, kinopoisk_id)).decode()


CURSORS: dict[str, tuple[str, int, str]] = {
    "empty": ("", 422, "bad-cursor"),
    "short": ("AAAA", 422, "bad-cursor"),
    "long": ("A" * 17, 422, "bad-cursor"),
    "too long": ("A" * 65, 422, "bad-cursor"),
    "huge": ("A" * 8_000, 422, "bad-cursor"),
    "canary": (CANARY, 422, "bad-cursor"),
    "padding": ("A" * 15 + "=", 422, "bad-cursor"),
    "plus": ("A" * 15 + "%2B", 422, "bad-cursor"),
    "slash": ("A" * 15 + "%2F", 422, "bad-cursor"),
    "space": ("A" * 15 + "+", 422, "bad-cursor"),
    "line break": ("A" * 16 + "%0A", 422, "bad-cursor"),
    "not ASCII": ("A" * 15 + "%D0%90", 422, "bad-cursor"),
    "SQL": (quote("' OR 1=1 --"), 422, "bad-cursor"),
    "null": ("null", 422, "bad-cursor"),
    "film 0": (packed(0, 0), 422, "bad-cursor"),
    "film -1": (packed(0, -1), 422, "bad-cursor"),
    "after all time": (packed(2**63 - 1, 1), 422, "bad-cursor"),
    "before all time": (packed(-(2**63), 1), 422, "bad-cursor"),
    "NUL": ("A" * 15 + "%00", 400, "malformed-request"),
    "not UTF-8": ("A" * 15 + "%ff", 400, "malformed-request"),
    "good, then bad": (f"{packed(10**15, 301)}&cursor=AAAA", 422, "bad-cursor"),
}
QUERIES: dict[str, tuple[str, int]] = {
    "absent": ("", 422),
    "empty": ("query=", 422),
    "blank": ("query=%20%09%0A", 422),
    "no-break spaces": ("query=%C2%A0%E2%80%83", 422),
    "201 letters": ("query=" + "a" * 201, 422),
    "201 emoji": ("query=" + quote("🎬") * 201, 422),
    "5,000 letters": ("query=" + "a" * 5_000, 422),
    "canary": ("query=" + CANARY * 20, 422),
    "NUL": ("query=a%00b", 400),
    "only NUL": ("query=%00", 400),
    "not UTF-8": ("query=%ff%fe", 400),
    "cp1251": ("query=" + quote("матрица", encoding="cp1251"), 400),
    "overlong": ("query=%C0%AE", 400),
    "surrogate": ("query=%ED%A0%80", 400),
    "cut off": ("query=%D0", 400),
    "NUL in a name": ("query=a&b%00=1", 400),
    "not UTF-8 in a name": ("query=a&%ff=1", 400),
    "list": ("query[]=a", 422),
    "other case": ("Query=a", 422),
    "semicolon": ("a=1;query=a", 422),
    "then empty": ("query=a&query=", 422),
}


@pytest.mark.parametrize(("sent", "status"), NUMBERS.items(), ids=[ascii(key)[:40] for key in NUMBERS])
@pytest.mark.parametrize(
    "address", ["/movies/favorites?limit=", "/movies/hidden?limit=", "/movies/search?query=x&page="], ids=str
)
async def test_what_is_no_number_in_bounds_is_refused(fort: Fort, address: str, sent: str, status: int) -> None:
    refused(await fort.send("GET", address + sent), status, REFUSALS[status])


@pytest.mark.parametrize("page", ["21", "100"])
async def test_a_page_beyond_the_last_is_refused(fort: Fort, page: str) -> None:
    refused(await fort.send("GET", f"/movies/search?query=x&page={page}"), 422, "invalid-request")


@pytest.mark.parametrize("address", ["/movies/favorites?limit=20&limit=0", "/movies/search?query=x&page=1&page=0"])
async def test_a_number_sent_twice_is_not_made_good_by_the_first(fort: Fort, address: str) -> None:
    refused(await fort.send("GET", address), 422, "invalid-request")


@pytest.mark.parametrize(("cursor", "status", "code"), CURSORS.values(), ids=CURSORS.keys())
@pytest.mark.parametrize("path", ["/movies/favorites", "/movies/hidden"])
async def test_a_bad_cursor_is_refused(fort: Fort, path: str, cursor: str, status: int, code: str) -> None:
    refused(await fort.send("GET", f"{path}?cursor={cursor}"), status, code)


@pytest.mark.parametrize(("query", "status"), QUERIES.values(), ids=QUERIES.keys())
async def test_what_cannot_be_searched_for_is_refused(fort: Fort, query: str, status: int) -> None:
    refused(await fort.send("GET", f"/movies/search?{query}"), status, REFUSALS[status])


HARMLESS = {
    "SQL": "'; DROP TABLE film; --",
    "wildcards": "%_\\",
    "template": "{{7*7}}",
    "line breaks": "a\r\nSet-Cookie: b=1",
    "control letters": "a\x01\x1b[2J",
    "200 emoji": "🎬" * 200,
    "right to left": "\u202eabc",
    "noncharacter": "\uffff",
    "quotes": "\"'`",
    "address of another site": "https://evil.test/film/301/",
    "address beyond all ids": "https://www.kinopoisk.ru/film/9999999999/",
    "address of film 0": "https://www.kinopoisk.ru/film/0/",
    "address in Arabic digits": "https://www.kinopoisk.ru/film/٣٠١/",
    "digits beyond all ids": "9999999999",
    "digits": "٣٠١",
    "superscript": "²³",
}


@pytest.mark.parametrize("query", HARMLESS.values(), ids=HARMLESS.keys())
async def test_a_strange_query_is_a_query_like_any_other(fort: Fort, query: str) -> None:
    answer = await fort.send("GET", "/movies/search", params={"query": query})
    assert (answer.status_code, answer.json()["query"]) == (200, query)
    assert "set-cookie" not in answer.headers


LONG = {
    "path": "/" + "a" * 8_193,
    "film": "/movies/" + "1" * 8_193,
    "query": "/movies/search?query=" + "a" * 8_193,
    "unknown parameter": "/profile?" + "a" * 8_193,
    "escapes": "/movies/" + "%31" * 2_731,
    "open call": "/health/live?" + "a" * 8_193,
    "a hundred thousand": "/" + "a/" * 30_000,
}


@pytest.mark.parametrize("path", LONG.values(), ids=LONG.keys())
async def test_an_address_over_8_kib_is_refused(fort: Fort, path: str) -> None:
    refused(await fort.send("GET", path), 414, "uri-too-long")


NOWHERE = {
    "unknown": f"/{CANARY}",
    "deep": "/a/b/c/d/e/f",
    "admin": "/admin",
    "git": "/.git/config",
    "environment": "/.env",
    "users": "/users/1",
    "metrics": "/metrics",
    "movies": "/movies",
    "case": "/PROFILE",
    "escaped dots": "/movies/%2e%2e/profile",
    "backslash": "/movies\\301",
    "double slash": "/movies//301",
    "semicolon": "/profile;a=1",
    "dot": "/profile.",
    "JSON": "/profile.json",
    "end of film": "/movies/301/",
    "end of favourites": "/movies/favorites/",
    "end of a favourite": "/movies/favorites/301/",
    "end of hidden films": "/movies/hidden/",
    "end of profile": "/profile/",
    "end of search": "/movies/search/",
    "end of login": "/login/",
    "assets": "/docs/assets",
    "assets themselves": "/docs/assets/",
    "out of the assets": "/docs/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "out of the assets by dots": "/docs/assets/%2e%2e/%2e%2e/api/main.py",
    "absolute in the assets": "/docs/assets//etc/passwd",
    "asset of a long name": "/docs/assets/" + "a" * 1_000,
    "asset of an asset": "/docs/assets/swagger-ui.css/x",
    "emoji": "/%F0%9F%8E%AC",
    "tag": f"/%3Cscript%3E{CANARY}",
}


@pytest.mark.parametrize("path", NOWHERE.values(), ids=NOWHERE.keys())
async def test_an_address_that_nobody_gave_out_leads_nowhere(fort: Fort, path: str) -> None:
    """Not even elsewhere: a redirect would carry the sender's Host and parameters in its Location."""
    answer = await fort.send("GET", path, headers={"Host": "evil.test"})
    refused(answer, 404, "not-found")


@pytest.mark.parametrize("path", ["/%00", "/%ff", "/profile%00", "/a?%ff", "/a?b=%00", "/docs/assets/%00", "/%C0%AF"])
async def test_an_address_that_is_no_text_is_refused_before_all_else(fort: Fort, path: str) -> None:
    refused(await fort.send("GET", path), 400, "malformed-request")


METHODS: dict[str, set[str]] = {
    "/register": {"POST"},
    "/login": {"POST"},
    "/token/renew": {"POST"},
    "/logout": {"POST"},
    "/profile": {"GET", "DELETE"},
    "/profile/password": {"POST"},
    "/profile/sessions": {"GET"},
    f"/profile/sessions/{uuid.UUID(int=1)}": {"DELETE"},
    "/profile/export": {"GET"},
    "/movies/favorites": {"GET", "POST"},
    "/movies/favorites/301": {"GET", "DELETE"},
    "/movies/hidden": {"GET"},
    "/movies/hidden/301": {"PUT", "DELETE"},
    "/movies/search": {"GET"},
    "/movies/301": {"GET"},
    "/genres": {"GET"},
    "/recommendations": {"GET"},
    "/health/live": {"GET"},
    "/health/ready": {"GET"},
    "/docs": {"GET"},
    "/openapi.json": {"GET"},
    "/docs/assets/swagger-ui.css": {"GET"},
}
WRONG = [
    (path, method)
    for path, allowed in METHODS.items()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
    if method not in allowed
]


@pytest.mark.parametrize(("path", "method"), WRONG, ids=[f"{method} {path}" for path, method in WRONG])
async def test_a_wrong_method_is_refused(fort: Fort, path: str, method: str) -> None:
    refused(await fort.send(method, path), 405, "method-not-allowed")


@pytest.mark.parametrize("path", METHODS)
async def test_a_refused_method_is_answered_with_all_that_are_allowed(fort: Fort, path: str) -> None:
    """RFC 9110, 15.5.6: Allow lists the methods that the target resource currently supports."""
    answer = await fort.send("PATCH", path)
    allowed = {method.strip() for method in answer.headers.get("allow", "").split(",")}
    assert allowed - {"HEAD", "OPTIONS"} == METHODS[path]


@pytest.mark.parametrize("method", ["GETT", "DELETE;", "A" * 100, "*", "ПОСТ"])
async def test_a_method_that_is_none_is_refused(fort: Fort, method: str) -> None:
    refused(await fort.send(method, "/profile"), 405, "method-not-allowed")


@pytest.mark.parametrize("span", ["bytes=garbage", "bytes=99999999-", "items=0-1", "bytes=5-1", "bytes=0-1,", "\u00e9"])
async def test_a_range_that_cannot_be_is_no_break_of_form(fort: Fort, span: str) -> None:
    answer = await fort.send("GET", "/docs/assets/swagger-ui.css", headers={"Range": span.encode("latin-1")})
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
