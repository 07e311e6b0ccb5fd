"""Bodies, ids and texts that mean harm: each is refused by its own status and changes nothing."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.hostile.fort import CANARY, FORM, JSON, REFUSALS, Fort, refused
from tests.hostile.values import BODIES, HOSTILE_TEXTS, IDS_IN_BODIES, IDS_IN_PATHS

pytestmark = pytest.mark.usefixtures("unharmed")

WITH_JSON = ("/register", "/login", "/movies/favorites", "/profile/password")
WITH_ID = {
    "film": ("GET", "/movies/"),
    "favourite": ("GET", "/movies/favorites/"),
    "removal": ("DELETE", "/movies/favorites/"),
    "hiding": ("PUT", "/movies/hidden/"),
    "unhiding": ("DELETE", "/movies/hidden/"),
}


def named(value: Any) -> str:
    return ascii(value)[1:41] or "empty"


@pytest.mark.parametrize(("sent", "status"), IDS_IN_BODIES.items(), ids=[named(key) for key in IDS_IN_BODIES])
async def test_what_is_no_id_is_no_favourite(fort: Fort, sent: str, status: int) -> None:
    body = f'{{"kinopoisk_id": {sent}}}'.encode()
    refused(await fort.send("POST", "/movies/favorites", content=body, headers=JSON), status, REFUSALS[status])


@pytest.mark.parametrize(("sent", "status"), IDS_IN_PATHS.items(), ids=[named(key) for key in IDS_IN_PATHS])
@pytest.mark.parametrize(("method", "path"), WITH_ID.values(), ids=WITH_ID)
async def test_what_is_no_id_is_no_address(fort: Fort, method: str, path: str, sent: str, status: int) -> None:
    refused(await fort.send(method, path + sent), status, REFUSALS[status])


@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", WITH_JSON)
async def test_a_body_that_cannot_be_meant_is_refused(
    fort: Fort, path: str, body: bytes, kind: str, status: int
) -> None:
    headers = {"Content-Type": kind.encode("latin-1")} if kind else {}
    refused(await fort.send("POST", path, content=body, headers=headers), status, REFUSALS[status])


# Were they taken, the last value would be refused for what it is: none of them can do harm.
TWICE = {
    "/movies/favorites": b'{"kinopoisk_id": 302, "kinopoisk_id": 0}',
    "/register": b'{"username": "berta", "username": "berta", "password": "short"}',
    "/login": b'{"username": "anna", "username": "anna", "password": "wrong"}',
    "/profile/password": b'{"current_password": "x", "current_password": "y", "new_password": "short"}',
}


@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_cannot_be_meant_deletes_no_account(fort: Fort, body: bytes, kind: str, status: int) -> None:
    headers = {"Content-Type": kind.encode("latin-1")} if kind else {}
    refused(await fort.send("DELETE", "/profile", content=body, headers=headers), status, REFUSALS[status])


# Both would be good, were the last one taken.
@pytest.mark.parametrize(
    "body",
    [
        b'{"password": "correct horse battery staple", "password": "correct horse battery staple"}',
        b'{"password": ["correct horse battery staple"]}',
        b'{"password": {"$ne": ""}}',
        b'{"password": "correct horse battery staple", "user_id": "1"}',
        b'["correct horse battery staple"]',
        b'"correct horse battery staple"',
    ],
)
async def test_a_password_in_another_form_deletes_no_account(fort: Fort, body: bytes) -> None:
    answer = await fort.send("DELETE", "/profile", content=body, headers=JSON)
    refused(answer, answer.status_code, {400: "malformed-request", 422: "invalid-request"}[answer.status_code])


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
async def test_a_hostile_password_proves_nothing(fort: Fort, text: str) -> None:
    expected = (422, "invalid-request") if "\x00" in text or len(text) > 1024 else (403, "wrong-password")
    change = {"current_password": text, "new_password": f"{CANARY} battery staple"}
    refused(await fort.send("POST", "/profile/password", json=change), *expected)
    refused(await fort.send("DELETE", "/profile", json={"password": text}), *expected)


async def test_the_password_in_an_address_or_a_header_deletes_no_account(fort: Fort) -> None:
    headers = {"X-Password": "correct horse battery staple"}
    address = "/profile?password=correct%20horse%20battery%20staple"
    refused(await fort.send("DELETE", address, headers=headers), 422, "invalid-request")


SESSIONS = {
    "number": ("301", 422),
    "null": ("null", 422),
    "canary": (CANARY, 422),
    "all": ("*", 422),
    "SQL": ("%27%20OR%20%271%27=%271", 422),
    "braces": ("{00000000-0000-0000-0000-000000000001}", 422),
    "no hyphens": ("0" * 32, 422),
    "URN": ("urn:uuid:00000000-0000-0000-0000-000000000001", 422),
    "capitals": ("AAAAAAAA-0000-0000-0000-000000000001", 422),
    "wide digits": ("%EF%BC%90" * 8 + "-0000-0000-0000-000000000001", 422),
    "line break": ("00000000-0000-0000-0000-000000000001%0A", 422),
    "long": ("0" * 5_000, 422),
    "NUL": ("00000000-0000-0000-0000-000000000001%00", 400),
    "not UTF-8": ("%ff", 400),
}


@pytest.mark.parametrize(("sent", "status"), SESSIONS.values(), ids=SESSIONS.keys())
async def test_what_is_no_session_is_no_address(fort: Fort, sent: str, status: int) -> None:
    refused(await fort.send("DELETE", f"/profile/sessions/{sent}"), status, REFUSALS[status])


@pytest.mark.parametrize("path", WITH_JSON)
async def test_a_key_that_is_sent_twice_is_refused(fort: Fort, path: str) -> None:
    """Which of two values counts is a matter of the parser, and two parsers may differ."""
    body = TWICE[path]
    refused(await fort.send("POST", path, content=body, headers=JSON), 400, "malformed-request")


@pytest.mark.parametrize("path", WITH_JSON)
async def test_a_body_that_never_ends_is_cut_off(fort: Fort, path: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100:
            sent += 1
            yield b" " * 8_192

    answer = await fort.send("POST", path, content=endless(), headers=JSON)
    refused(answer, 413, "content-too-large")
    assert sent <= 9


@pytest.mark.parametrize("body", [b"[" * 50_000, b"\xff", b"x" * 60_000], ids=["deep", "not UTF-8", "large"])
async def test_a_body_of_a_call_that_takes_none_is_not_looked_at(fort: Fort, body: bytes) -> None:
    answer = await fort.send("DELETE", "/movies/favorites/302", content=body, headers=JSON)
    refused(answer, 404, "favorite-not-found")


@pytest.mark.parametrize("path", ["/logout", "/token/renew"])
@pytest.mark.parametrize(("body", "kind", "status"), [BODIES["text"], BODIES["a mebibyte"], BODIES["never closed"]])
async def test_a_hostile_body_does_not_end_or_renew_a_session(
    fort: Fort, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = await fort.send("POST", path, content=body, headers={"Content-Type": kind})
    refused(answer, status, REFUSALS[status])


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
async def test_a_hostile_name_is_no_account(fort: Fort, text: str) -> None:
    body = {"username": text, "password": f"{CANARY} battery staple"}
    refused(await fort.send("POST", "/register", json=body), 422, "invalid-request")


@pytest.mark.parametrize(
    "password",
    ["", "1234567", "       ", "a" * 129, CANARY * 100, "пароль\x00пароль", "🎬" * 129, "\ufdfa" * 100, "ａ" * 400],
    ids=["empty", "7", "7 spaces", "129", "1,300", "NUL", "129 emoji", "grows", "wide"],
)
async def test_a_password_out_of_bounds_is_none_for_an_account(fort: Fort, password: str) -> None:
    body = {"username": "berta", "password": password}
    refused(await fort.send("POST", "/register", json=body), 422, "invalid-request")
    change = {"current_password": "correct horse battery staple", "new_password": password}
    refused(await fort.send("POST", "/profile/password", json=change), 422, "invalid-request")


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", [None, 5, True, 1.5, [], {}, ["anna"], {"$ne": ""}], ids=named)
@pytest.mark.parametrize("path", ["/register", "/login"])
async def test_what_is_no_text_is_no_credential(fort: Fort, path: str, value: Any, field: str) -> None:
    body = {"username": "berta", "password": "correct horse battery staple", field: value}
    refused(await fort.send("POST", path, json=body), 422, "invalid-request")


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
@pytest.mark.parametrize("field", ["username", "password"])
async def test_hostile_credentials_open_no_session(fort: Fort, field: str, text: str) -> None:
    answer = await fort.send("POST", "/login", json={"username": "anna", "password": "wrong", field: text})
    bounds = {"username": 256, "password": 1024}
    invalid = "\x00" in text or len(text) > bounds[field]
    refused(answer, *((422, "invalid-request") if invalid else (401, "invalid-credentials")))


@pytest.mark.parametrize("letter", ["\ufdfa", "㌖", "🎬", "a\u0301"], ids=["U+FDFA", "square", "emoji", "combining"])
async def test_a_password_that_grows_when_it_is_normalised_is_only_wrong(fort: Fort, letter: str) -> None:
    """1,024 letters may be sent; U+FDFA becomes 18 of them."""
    password = (letter * 1024)[:1024]
    answer = await fort.send("POST", "/login", json={"username": "anna", "password": password})
    refused(answer, 401, "invalid-credentials")


@pytest.mark.parametrize("path", ["/register", "/login", "/movies/favorites", "/login as a form"])
async def test_a_field_that_nobody_knows_is_refused(fort: Fort, path: str) -> None:
    body = {"/movies/favorites": {"kinopoisk_id": 302}}.get(path, {"username": "berta", "password": "correct horse"})
    unknown = {**body, "is_admin": True, CANARY: CANARY}
    if path.endswith("form"):  # RFC 6749 brings fields that we do not use: they are passed over
        answer = await fort.send("POST", "/login", data=unknown)
        refused(answer, 401, "invalid-credentials")
    else:
        refused(await fort.send("POST", path, content=json.dumps(unknown), headers=JSON), 422, "invalid-request")


FORMS: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 422),
    "no fields": (b"&&&", 422),
    "no value": (b"username=anna", 422),
    "NUL": (b"username=anna%00&password=x", 422),
    "NUL in the password": (b"username=anna&password=%00", 422),
    "not UTF-8": (b"username=anna&password=%ff", 400),
    "raw not UTF-8": (b"username=anna&password=\xff", 400),
    "surrogate": (b"username=%ED%A0%80&password=x", 400),
    "5,000 fields": (b"&".join(b"f%d=1" % n for n in range(5_000)), 400),
    "long name": (b"username=" + b"a" * 257 + b"&password=x", 422),
    "long password": (b"username=anna&password=" + b"a" * 1025, 422),
    "too large": (b"username=anna&password=" + b"a" * 65_536, 413),
    "JSON in a form": (b'{"username": "anna", "password": "x"}', 422),
    "list": (b"username[]=anna&password[$ne]=x", 422),
}


@pytest.mark.parametrize(("body", "status"), FORMS.values(), ids=FORMS.keys())
async def test_a_hostile_form_opens_no_session(fort: Fort, body: bytes, status: int) -> None:
    # An empty body has no content type that could be wrong, so even the form's is judged by what it lacks.
    refused(await fort.send("POST", "/login", content=body, headers=FORM), status, REFUSALS[status])


@pytest.mark.parametrize("path", ["/register", "/movies/favorites", "/logout", "/profile/password"])
async def test_a_form_is_taken_by_the_login_alone(fort: Fort, path: str) -> None:
    answer = await fort.send("POST", path, content=b"username=berta&kinopoisk_id=302", headers=FORM)
    refused(answer, 415, "unsupported-media-type")
