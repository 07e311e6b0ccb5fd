"""Who asks: every call that needs a token refuses every other, and headers that mean harm do none."""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from jose import jwt

from tests.conftest import SECRET
from tests.hostile.fort import CANARY, Fort, refused

pytestmark = pytest.mark.usefixtures("unharmed")

SIGNED_IN = [
    ("GET", "/profile"),
    ("DELETE", "/profile"),
    ("POST", "/profile/password"),
    ("GET", "/profile/sessions"),
    ("DELETE", f"/profile/sessions/{uuid.UUID(int=1)}"),
    ("GET", "/profile/export"),
    ("POST", "/token/renew"),
    ("POST", "/logout"),
    ("POST", "/movies/favorites"),
    ("GET", "/movies/favorites"),
    ("GET", "/movies/favorites/301"),
    ("DELETE", "/movies/favorites/301"),
    ("PUT", "/movies/hidden/301"),
    ("GET", "/movies/hidden"),
    ("DELETE", "/movies/hidden/301"),
    ("GET", "/movies/search?query=x"),
    ("GET", "/movies/301"),
    ("POST", "/movies/301/refresh"),
    ("GET", "/status/upstream"),
]
NAMES = [f"{method} {path}" for method, path in SIGNED_IN]
OTHER_SECRET = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL"


def token(secret: str = SECRET, kid: Any = "test", **changes: Any) -> str:
    """Signed by hand: a token of nobody's session, with some claims changed; ... leaves one out."""
    now = int(time.time())
    claims = {
        "sub": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 3600,
        "iss": "kinoshelf",
        "aud": "kinoshelf",
    }
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not ...}
    return str(jwt.encode(kept, secret, "HS256", headers={"kid": kid}))


# The whole value of the header; {token} is Anna's own.
HEADERS: dict[str, str | bytes] = {
    "empty": "",
    "scheme alone": "Bearer",
    "scheme and space": "Bearer ",
    "many spaces": "Bearer      ",
    "token alone": "{token}",
    "basic": "Basic YW5uYTphbm5h",
    "digest": 'Digest username="anna"',
    "other scheme": "Token {token}",
    "scheme twice": "Bearer Bearer {token}",
    "comma": "Bearer,{token}",
    "tab": "Bearer\t{token}",
    "colon": "Bearer: {token}",
    "quoted": 'Bearer "{token}"',
    "two tokens": "Bearer {token} {token}",
    "two in a list": "Bearer {token}, Bearer {token}",
    "parameter": "Bearer token={token}",
    "space inside": "Bearer a b",
    "two spaces and garbage": f"Bearer  {CANARY}",
    "garbage": f"Bearer {CANARY}",
    "dots": "Bearer ...",
    "not ASCII": "Bearer ключ".encode(),
    "not UTF-8": b"Bearer \xff\xfe\x80",
    "NUL": b"Bearer a\x00b",
    "line break": b"Bearer a\r\nX-Evil: 1",
    "non-ASCII behind a token": "Bearer {token}ё",
    "huge": "Bearer " + "A" * 100_000,
    "20,000 brackets": "Bearer " + "W1tb" * 6_666 + ".e30.AAAA",
    "brackets under the limit": "Bearer " + "W1tb" * 1_000 + ".e30.AAAA",
    "none": "Bearer eyJhbGciOiJub25lIiwia2lkIjoidGVzdCJ9.e30.",
    "no such session": f"Bearer {token()}",
    "other key": f"Bearer {token(OTHER_SECRET)}",
    "kid unknown": f"Bearer {token(kid='other')}",
    "kid list": f"Bearer {token(kid=['test'])}",
    "kid missing": f"Bearer {token(kid=None)}",
    "expired": f"Bearer {token(exp=int(time.time()) - 60)}",
    "no exp": f"Bearer {token(exp=...)}",
    "no sub": f"Bearer {token(sub=...)}",
    "sub is SQL": "Bearer " + token(sub=f"' OR 1=1 -- {CANARY}"),
    "sid null": f"Bearer {token(sid=None)}",
    "iat in an hour": f"Bearer {token(iat=int(time.time()) + 3600)}",
    "exp beyond time": f"Bearer {token(exp=10**30)}",
    "other issuer": f"Bearer {token(iss='evil')}",
    "other audience": f"Bearer {token(aud='evil')}",
}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# Of Anna's own claims: header, claims and signature of another token.
FORGED: dict[str, Callable[[dict[str, Any], str], str]] = {
    "alg none": lambda claims, _: f"{part({'alg': 'none', 'kid': 'test'})}.{part(claims)}.",
    "alg nOnE": lambda claims, _: f"{part({'alg': 'nOnE', 'kid': 'test'})}.{part(claims)}.",
    "alg none, signed": lambda claims, own: f"{part({'alg': 'none', 'kid': 'test'})}.{part(claims)}.{own}",
    "no alg": lambda claims, own: f"{part({'kid': 'test'})}.{part(claims)}.{own}",
    "alg of keys in pairs": lambda claims, own: f"{part({'alg': 'RS256', 'kid': 'test'})}.{part(claims)}.{own}",
    "kid of a path": lambda claims, own: f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{part(claims)}.{own}",
    "kid number": lambda claims, own: f"{part({'alg': 'HS256', 'kid': 0})}.{part(claims)}.{own}",
    "key inside": lambda claims, own: (
        f"{part({'alg': 'HS256', 'jwk': {'kty': 'oct', 'k': 'AA'}})}.{part(claims)}.{own}"
    ),
    "no signature": lambda claims, _: f"{part({'alg': 'HS256', 'kid': 'test'})}.{part(claims)}.",
    "signed by nothing": lambda claims, _: jwt.encode(claims, "", "HS256", headers={"kid": "test"}),
    "header and claims alone": lambda claims, _: f"{part({'alg': 'HS256', 'kid': 'test'})}.{part(claims)}",
    "four parts": lambda claims, own: f"{part({'alg': 'HS256', 'kid': 'test'})}.{part(claims)}.{own}.{own}",
    "longer life": lambda claims, own: f"{part({'alg': 'HS256', 'kid': 'test'})}.{part(claims | {'exp': 2**40})}.{own}",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_the_own_claims_forged_are_nobodys(fort: Fort, forge: Callable[[dict[str, Any], str], str]) -> None:
    own = fort.anna.token
    forged = forge(jwt.get_unverified_claims(own), own.rpartition(".")[2])
    refused(await fort.send("GET", "/profile", headers={"Authorization": f"Bearer {forged}"}), 401, "unauthorized")


async def test_the_claims_of_somebody_else_under_the_own_signature_are_nobodys(fort: Fort) -> None:
    header, _, signature = fort.anna.token.split(".")
    forged = f"{header}.{fort.clara.token.split('.')[1]}.{signature}"
    refused(await fort.send("GET", "/profile", headers={"Authorization": f"Bearer {forged}"}), 401, "unauthorized")


def value_of(header: str | bytes, own: str) -> bytes:
    return header if isinstance(header, bytes) else header.replace("{token}", own).encode()


@pytest.mark.parametrize(("method", "path"), SIGNED_IN, ids=NAMES)
async def test_nobody_gets_nothing(fort: Fort, method: str, path: str) -> None:
    answer = await fort.http.request(method, path)
    refused(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
async def test_a_wrong_authorization_is_none(fort: Fort, header: str | bytes) -> None:
    answer = await fort.send("GET", "/profile", headers={"Authorization": value_of(header, fort.anna.token)})
    refused(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("kind", ["garbage", "20,000 brackets", "no such session", "not UTF-8", "expired"])
@pytest.mark.parametrize(("method", "path"), SIGNED_IN, ids=NAMES)
async def test_a_wrong_token_opens_no_call(fort: Fort, method: str, path: str, kind: str) -> None:
    header = value_of(HEADERS[kind], fort.anna.token)
    # Whether the session is open is found out together with what is asked for: where nothing is wrong with that.
    wish = {"kinopoisk_id": 301}
    refused(await fort.send(method, path, json=wish, headers={"Authorization": header}), 401, "unauthorized")


@pytest.mark.parametrize("place", ["query", "cookie", "X-Authorization", "Proxy-Authorization"])
async def test_a_token_counts_in_its_header_alone(fort: Fort, place: str) -> None:
    own = fort.anna.token
    sent: dict[str, Any] = {"headers": {place: f"Bearer {own}"}}
    if place == "query":
        sent = {"params": {"access_token": own, "token": own}}
    if place == "cookie":
        sent = {"headers": {"Cookie": f"access_token={own}; session={own}"}}
    refused(await fort.http.get("/profile", **sent), 401, "unauthorized")


async def test_of_two_authorizations_a_bad_first_one_is_not_made_good_by_the_second(fort: Fort) -> None:
    headers = [(b"Authorization", b"Bearer garbage"), (b"Authorization", f"Bearer {fort.anna.token}".encode())]
    refused(await fort.http.get("/profile", headers=headers), 401, "unauthorized")


HARMFUL_IDS: dict[str, bytes] = {
    "empty": b"",
    "65 letters": b"a" * 65,
    "space": b"a b",
    "line break": b"a\r\nX-Evil: 1",
    "bare line feed": b"a\nb",
    "NUL": b"a\x00b",
    "tag": b"<script>",
    "quote": b'"}',
    "not ASCII": "запрос".encode(),
    "not UTF-8": b"\xff\xfe",
    "percent": b"%0d%0a",
    "semicolon": b"a;b",
    "huge": b"a" * 100_000,
}


@pytest.mark.parametrize("sent", HARMFUL_IDS.values(), ids=HARMFUL_IDS.keys())
async def test_a_harmful_request_id_is_replaced(fort: Fort, sent: bytes) -> None:
    answer = await fort.send("GET", "/nowhere", headers={"X-Request-ID": sent})
    refused(answer, 404, "not-found")
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "f" * 64])
async def test_a_harmless_request_id_is_kept(fort: Fort, sent: str) -> None:
    answer = await fort.send("GET", "/nowhere", headers={"X-Request-ID": sent})
    refused(answer, 404, "not-found")
    assert answer.headers["x-request-id"] == sent


HEADERS_OF_ALL_KINDS: dict[str, dict[str, bytes]] = {
    "host": {"Host": b"evil.test"},
    "host of garbage": {"Host": b'\xff<>"'},
    "forwarded": {"X-Forwarded-For": b"127.0.0.1, \xff", "X-Forwarded-Host": b"evil.test", "Forwarded": b'for="_x"'},
    "other method": {"X-HTTP-Method-Override": b"DELETE", "X-Method-Override": b"DELETE"},
    "other address": {"X-Original-URL": b"/health/live", "X-Rewrite-URL": b"/health/live"},
    "range": {"Range": b"bytes=0-1,2-3,99999999999999999999-"},
    "conditional": {"If-None-Match": b"*", "If-Modified-Since": b"garbage", "If-Match": b'"x"'},
    "accept": {"Accept": b"text/html;q=\xff, */*;q=9", "Accept-Encoding": b"\x00", "Accept-Language": b"a" * 9_000},
    "origin": {"Origin": b"https://evil.test", "Sec-Fetch-Site": b"cross-site"},
    "cookie": {"Cookie": b"a=\xff; b=" + b"c" * 9_000},
    "expect": {"Expect": b"200-maybe"},
    "many": {f"X-{number}": b"x" for number in range(500)},
    "canary": {"User-Agent": CANARY.encode(), "Referer": CANARY.encode(), "X-Api-Key": CANARY.encode()},
}


@pytest.mark.parametrize("headers", HEADERS_OF_ALL_KINDS.values(), ids=HEADERS_OF_ALL_KINDS.keys())
async def test_other_headers_change_nothing(fort: Fort, headers: dict[str, bytes]) -> None:
    answer = await fort.send("DELETE", "/movies/favorites/302", headers=headers)
    refused(answer, 404, "favorite-not-found")
    assert "evil.test" not in "".join(answer.headers.values())
    assert not [name for name in answer.headers if name.startswith("access-control")]
