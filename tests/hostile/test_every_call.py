"""Every call there is, asked in the same hostile ways: what the guard refuses, it refuses everywhere."""

import re
import uuid

import pytest

from tests.hostile.fort import CANARY, REFUSALS, Fort, refused
from tests.hostile.sent import KNOWN
from tests.hostile.test_callers import HEADERS_OF_ALL_KINDS

pytestmark = pytest.mark.usefixtures("unharmed")

IDS = {"{kinopoisk_id}": "301", "{session_id}": str(uuid.UUID(int=1))}


def filled(call: str) -> tuple[str, str]:
    """Method and address, with an id where one belongs."""
    method, template = call.split()
    return method, re.sub(r"\{\w+\}", lambda name: IDS[name[0]], template)


CALLS = {call: filled(call) for call in sorted(KNOWN)}
WITH_BODY = {call: sent for call, sent in CALLS.items() if sent[0] in {"POST", "PUT"} or call == "DELETE /profile"}
every_call = pytest.mark.parametrize(("method", "path"), CALLS.values(), ids=CALLS)
every_call_with_a_body = pytest.mark.parametrize(("method", "path"), WITH_BODY.values(), ids=WITH_BODY)

# Behind the address of each call → the status of the refusal.
TAILS: dict[str, tuple[str, int]] = {
    "NUL": ("?a=%00", 400),
    "NUL in a name": ("?%00=a", 400),
    "not UTF-8": ("?a=%ff", 400),
    "overlong UTF-8": ("?a=%C0%AF", 400),
    "surrogate": ("?a=%ED%A0%80", 400),
    "half a letter": ("?a=%D0", 400),
    "9,000 letters": ("?" + "a" * 9_000, 414),
    "3,000 parameters": ("?" + "a=1&" * 3_000, 414),
    "slash": ("/", 404),
    "dots": ("/%2e%2e/%2e%2e/etc/passwd", 404),
    "escaped slash": ("%2F", 404),
    "NUL in the path": ("%00", 400),
    "not UTF-8 in the path": ("%ff", 400),
    "a canary": (f"/{CANARY}", 404),
}
# Of a call that takes a body, or is asked in a way that could bring one.
BODIES: dict[str, tuple[bytes, str, int]] = {
    "not UTF-8": (b'{"a": "\xff"}', "application/json", 400),
    "NUL": (b'{"a": "\x00"}', "application/json", 400),
    "lone surrogate": (b'{"a": "\\ud800"}', "application/json", 400),
    "NaN": (b'{"a": NaN}', "application/json", 400),
    "twice": (b'{"a": 1, "a": 2}', "application/json", 400),
    "deep": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "application/json", 400),
    "5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", "application/json", 400),
    "large": (b'{"a": "' + b"a" * 70_000 + b'"}', "application/json", 413),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "application/json", 400),
    "other charset": (b"{}", "application/json; charset=koi8-r", 415),
    "YAML": (b"a: !!python/object/apply:os.system ['id']", "application/yaml", 415),
    "pickle": (b"\x80\x04N.", "application/octet-stream", 415),
    "files": (
        b'--x\r\nContent-Disposition: form-data; name="username"; filename="../../a"\r\n\r\nanna\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
        415,
    ),
}
# Nobody is let in by them.
TOKENS: dict[str, bytes] = {
    "none": b"Bearer eyJhbGciOiJub25lIiwia2lkIjoidGVzdCJ9.eyJzdWIiOiIxIn0.",
    "20,000 brackets": b"Bearer " + b"W1tb" * 6_666 + b".e30.AAAA",
    "key of a path": b"Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL2Rldi9udWxsIn0.e30.AAAA",
    "not UTF-8": b"Bearer \xff\xfe",
    "NUL": b"Bearer a\x00b",
}
# What anybody gets who sends nothing; whoever is not known gets nothing elsewhere.
OPEN = {"/register": 422, "/login": 422, "/genres": 200, "/health/live": 200, "/health/ready": 200}


@pytest.mark.parametrize(("tail", "status"), TAILS.values(), ids=TAILS.keys())
@every_call
async def test_a_hostile_address_is_refused(fort: Fort, method: str, path: str, tail: str, status: int) -> None:
    answer = await fort.send(method, path + tail)
    if status == 404 and answer.status_code in {405, 422}:  # it is the address of another call, and no good one
        status = answer.status_code
    refused(answer, status, REFUSALS[status])


@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES.keys())
@every_call_with_a_body
async def test_a_hostile_body_is_refused(
    fort: Fort, method: str, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = await fort.send(method, path, content=body, headers={"Content-Type": kind})
    refused(answer, status, REFUSALS[status])


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
@every_call
async def test_a_hostile_token_is_none(fort: Fort, method: str, path: str, token: bytes) -> None:
    answer = await fort.send(method, path, headers={"Authorization": token})
    assert answer.status_code == OPEN.get(path, 401)


@pytest.mark.parametrize("headers", HEADERS_OF_ALL_KINDS.values(), ids=HEADERS_OF_ALL_KINDS.keys())
@every_call
async def test_no_header_opens_a_call(fort: Fort, method: str, path: str, headers: dict[str, bytes]) -> None:
    answer = await fort.http.request(method, path, headers=[(name.encode(), value) for name, value in headers.items()])
    assert answer.status_code == (200 if path == "/recommendations" else OPEN.get(path, 401))
    assert "evil.test" not in answer.text + "".join(answer.headers.values())
    assert CANARY not in answer.text
