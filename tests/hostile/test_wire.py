"""Raw bytes to a real uvicorn: refused with a 4xx or a closed connection, and the next caller is served."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest

from api.main import create_app
from api.protocol import MOST_HEAD_BYTES, BoundedHttpProtocol
from dev.sandbox.server import running_sandbox
from dev.testing import Servers
from tests.client import Service
from tests.hostile.conftest import emptied, fort_settings, furnished, listening
from tests.hostile.fort import CANARY, INTERNALS, Fort
from tests.hostile.sent import NOTEBOOK, Record, note_bytes

HOST = b"Host: kinoshelf.test\r\n"
END = b"\r\n"
JSON = b"Content-Type: application/json\r\n"


class Wire(NamedTuple):
    """Where the server listens, and what it guards."""

    port: int
    fort: Fort


@pytest.fixture(scope="module")
async def wire(migrated: Servers) -> AsyncIterator[Wire]:
    """As api.__main__ serves it, in this loop and on a free port."""
    async with (
        emptied(migrated) as database,
        running_sandbox() as sandbox,
        listening(create_app(fort_settings(migrated, sandbox)), BoundedHttpProtocol) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        yield Wire(port, await furnished(Service(http), database))


@pytest.fixture
async def unharmed(wire: Wire, record_property: Record) -> AsyncIterator[None]:
    """Nothing has changed, and the server serves whoever comes next."""
    before = await wire.fort.treasure()
    with NOTEBOOK.open(record_property):
        yield
    assert (await wire.fort.send("GET", "/profile")).status_code == 200
    assert await wire.fort.treasure() == before


pytestmark = pytest.mark.usefixtures("unharmed")


async def answer_to(port: int, sent: bytes, *, hang_up: bool = False) -> bytes:
    """All that comes back until the server closes or has answered once."""
    answer = await what_comes_back(port, sent, hang_up=hang_up)
    note_bytes(sent, answer)
    return answer


async def what_comes_back(port: int, sent: bytes, *, hang_up: bool) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        if hang_up:
            writer.write_eof()
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: ([0-9]+)", head)
            return head + await reader.readexactly(int(length[1]) if length else 0)
    except asyncio.IncompleteReadError as end:
        return end.partial
    except ConnectionError:
        return b""
    finally:
        writer.close()


def get(
    target: bytes, *lines: bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET", host: bytes = HOST
) -> bytes:
    return method + b" " + target + b" " + version + b"\r\n" + host + b"".join(line + b"\r\n" for line in lines) + END


def post(target: bytes, body: bytes, *lines: bytes) -> bytes:
    return get(target, *lines, JSON.strip(), method=b"POST") + body


REFUSED: dict[str, bytes] = {
    "path of raw UTF-8": get("/movies/фильм".encode()),
    "path of raw bytes": get(b"/movies/\xff\xfe"),
    "query of raw bytes": get(b"/movies/search?query=\xff"),
    "path with NUL": get(b"/movies/\x00"),
    "path with a space": get(b"/mov ies"),
    "path with a tab": get(b"/mov\ties"),
    "relative path": get(b"profile"),
    "no path": get(b""),
    "only a query": get(b"?query=a"),
    "escaped bytes": get(b"/movies/%ff"),
    "broken escape": get(b"/movies/%zz"),
    "absolute address": get(b"http://evil.test/profile"),
    "absolute address with a password": get(b"http://u:p@evil.test/profile"),
    "absolute address of raw bytes": get(b"http://\xff.test/"),
    "fragment": get(b"/profile#a"),
    "asterisk": get(b"*", method=b"OPTIONS"),
    "asterisk of a GET": get(b"*"),
    "tunnel": get(b"evil.test:443", method=b"CONNECT"),
    "path of 70,000 letters": get(b"/" + b"a" * 70_000),
    "no host": get(b"/profile", host=b""),
    "two hosts": get(b"/profile", b"Host: evil.test"),
    "host of raw bytes": get(b"/profile", host=b"Host: \xff\r\n"),
    "HTTP/1.0": get(b"/profile", version=b"HTTP/1.0", host=b""),
    "HTTP/0.9": b"GET /profile\r\n\r\n",
    "HTTP/2 without a question": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": get(b"/profile", version=b"HTTP/3.7"),
    "no version": get(b"/profile", version=b"HTTP"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + b"\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "zeros": b"\x00" * 100,
    "raw bytes": bytes(range(256)) + b"\r\n\r\n",
    "lower case method": get(b"/profile", method=b"get"),
    "method of raw bytes": get(b"/profile", method=b"G\xc9T"),
    "unknown method": get(b"/profile", method=b"BREW"),
    "header value of raw bytes": get(b"/profile", b"Authorization: Bearer \xff\xfe"),
    "header value of raw UTF-8": get(b"/profile", "Authorization: Bearer ключ".encode()),
    "header value with NUL": get(b"/profile", b"Authorization: Bearer a\x00b"),
    "header name of raw bytes": get(b"/profile", b"X-\xff: a"),
    "header name with a space": get(b"/profile", b"Authorization : Bearer a"),
    "header without a colon": get(b"/profile", b"Authorization"),
    "header without a name": get(b"/profile", b": a"),
    "folded header": get(b"/profile", b"Authorization: Bearer a", b" b"),
    "bare line feeds": b"GET /profile HTTP/1.1\nHost: a\n\n",
    "bare carriage return": get(b"/profile", b"X-A: b\rX-C: d"),
    "request id of raw bytes": get(b"/profile", b"X-Request-ID: \xff"),
    "negative length": post(b"/login", b"{}", b"Content-Length: -1"),
    "length that is no number": post(b"/login", b"{}", b"Content-Length: 0x2"),
    "length with a sign": post(b"/login", b"{}", b"Content-Length: +2"),
    "two lengths": post(b"/login", b"{}", b"Content-Length: 2", b"Content-Length: 3"),
    "length and chunks": post(b"/login", b"0\r\n\r\n", b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    "chunk size that is no number": post(b"/login", b"zz\r\n{}\r\n", b"Transfer-Encoding: chunked"),
    "chunk size of 100 digits": post(b"/login", b"f" * 100 + b"\r\n{}\r\n", b"Transfer-Encoding: chunked"),
    "chunk that is longer than it says": post(b"/login", b"1\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "unknown encoding": post(b"/login", b"2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: gzip, identity"),
    "chunks without end, too large": post(b"/login", b"2000\r\n" + b" " * 8192 + b"\r\n", b"Transfer-Encoding: chunked")
    + (b"2000\r\n" + b" " * 8192 + b"\r\n") * 9,
    "encoding twice": post(b"/login", b"0\r\n\r\n", b"Transfer-Encoding: chunked, chunked"),
    "two encodings": post(b"/login", b"0\r\n\r\n", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "encoding behind a control letter": post(b"/login", b"0\r\n\r\n", b"Transfer-Encoding: \x0bchunked"),
    "encoding with a space before its colon": post(b"/login", b"0\r\n\r\n", b"Transfer-Encoding : chunked"),
    "folded encoding": post(b"/login", b"0\r\n\r\n", b"Transfer-Encoding:", b" chunked"),
    "chunks of an HTTP/1.0": get(b"/login", b"Transfer-Encoding: chunked", method=b"POST", version=b"HTTP/1.0")
    + b"2\r\n{}\r\n0\r\n\r\n",
    "extended chunks": post(b"/login", b"2;a=b\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "trailer": post(b"/login", b"2\r\n{}\r\n0\r\nAuthorization: Bearer a\r\n\r\n", b"Transfer-Encoding: chunked"),
    "negative chunk": post(b"/login", b"-2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "chunks by line feeds": post(b"/login", b"2\n{}\n0\n\n", b"Transfer-Encoding: chunked"),
    "length in a list": post(b"/login", b"{}", b"Content-Length: 2, 2"),
    "length of 30 digits": post(b"/login", b"{}", b"Content-Length: " + b"9" * 30),
    "length of a GET": get(b"/profile", b"Content-Length: 99999999"),
    "impossible expectation": post(b"/login", b"{}", b"Content-Length: 2", b"Expect: 200-maybe"),
    "other method": post(b"/login", b"{}", b"Content-Length: 2", b"X-HTTP-Method-Override: DELETE"),
    "two content types": post(b"/login", b"{}", b"Content-Length: 2", b"Content-Type: text/html"),
    "two authorizations": get(b"/profile", b"Authorization: Bearer a", b"Authorization: Bearer b"),
    "range": get(b"/profile", b"Range: bytes=0-0,-1"),
    "line break in the address": get(b"/movies/1%0d%0aX-Evil:%201"),
    "escaped slash": get(b"/movies%2f301"),
    "path traversal": get(b"/movies/../profile"),
    "path traversal by escapes": get(b"/docs/assets/..%2f..%2f..%2fetc/passwd"),
    "host with a password": get(b"/profile", host=b"Host: u:p@evil.test\r\n"),
    "empty host": get(b"/profile", host=b"Host:\r\n"),
    "length over the limit": post(b"/login", b" " * 65_537, b"Content-Length: 999999"),
    "upgrade to a web socket": get(
        b"/profile",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "upgrade to HTTP/2": get(
        b"/profile", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA"
    ),
    "canary everywhere": get(b"/movies/" + CANARY.encode() + b"%3C", b"X-A: " + CANARY.encode()),
}
HALVES: dict[str, bytes] = {
    "half of a line break": b"\r",
    "half a line": b"GET /pro",
    "half a header": b"GET /profile HTTP/1.1\r\nHost: a\r\nAuthor",
    "no end of the head": b"GET /profile HTTP/1.1\r\nHost: a\r\n",
    "half a body": post(b"/register", b'{"username": "berta", ', b"Content-Length: 70"),
    "half a chunk": post(b"/register", b'ff\r\n{"username": "berta"', b"Transfer-Encoding: chunked"),
    "no last chunk": post(b"/register", b"2\r\n{}\r\n", b"Transfer-Encoding: chunked"),
    "half a favourite of Anna": b"",
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
async def test_bytes_that_are_no_good_request_are_refused_or_not_answered(wire: Wire, sent: bytes) -> None:
    answer = await answer_to(wire.port, sent)
    assert not answer or re.match(rb"HTTP/1\.[01] 4[0-9]{2} ", answer), answer[:200]
    told = re.sub(rb'"instance":"[^"]*"', b"", answer)
    assert CANARY.encode() not in told
    assert not INTERNALS.search(told.decode())


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES.keys())
async def test_half_a_request_changes_nothing_when_the_caller_hangs_up(wire: Wire, sent: bytes) -> None:
    if not sent:
        head = b"Authorization: Bearer " + wire.fort.anna.token.encode()
        sent = post(b"/movies/favorites", b'{"kinopoisk_id": 302', head, b"Content-Length: 21")
    answer = await answer_to(wire.port, sent, hang_up=True)
    assert not answer or re.match(rb"HTTP/1\.[01] 4[0-9]{2} ", answer), answer[:200]


async def test_a_hundred_callers_that_say_nothing_keep_nobody_out(wire: Wire) -> None:
    silent = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", wire.port) for _ in range(100)))
    for _, writer in silent:
        writer.write(b"GET /profile HTTP/1.1\r\nHost:")
    async with asyncio.timeout(5):
        assert (await wire.fort.send("GET", "/profile")).status_code == 200
    for _, writer in silent:
        writer.close()


async def test_no_answer_names_the_server(wire: Wire) -> None:
    good, bad = get(b"/genres", b"Connection: close"), b"GET / HTTP/9\r\n\r\n"
    answers = b"".join([await answer_to(wire.port, sent) for sent in (good, bad)]).lower()
    assert re.findall(rb"http/1\.1 ([0-9]+)", answers) == [b"200", b"400"]
    assert not re.findall(rb"\r\n(?:server|via|x-powered-by):|uvicorn|starlette|python", answers)


async def test_requests_in_one_breath_are_answered_one_by_one(wire: Wire) -> None:
    """Nobody's request is answered with the answer to another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(
        get(b"/health/live", b"X-Request-ID: first") + get(b"/profile", b"X-Request-ID: second", b"Connection: close")
    )
    async with asyncio.timeout(5):
        answers = (await reader.read()).decode().lower()
    writer.close()
    assert re.findall(r"http/1\.1 ([0-9]+)", answers) == ["200", "401"]
    assert re.findall(r"x-request-id: (\w+)", answers) == ["first", "second"]


async def test_a_refusal_is_never_taken_for_the_answer_to_the_request_before(wire: Wire) -> None:
    """Which goes on and may take effect: its caller must not be told that it was refused."""
    for broken in (b"\0\r\n\r\n", post(b"/login", b"", b"Content-Length: x")):
        assert not await answer_to(wire.port, get(b"/genres") + broken)
    assert b"200 OK" in await answer_to(wire.port, get(b"/genres"))


async def test_a_body_behind_a_refusal_is_not_taken_for_a_request(wire: Wire) -> None:
    smuggled = get(b"/health/live", b"X-Request-ID: smuggled")
    sent = post(b"/login", smuggled, b"Content-Length: " + str(len(smuggled)).encode(), b"Connection: close")
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(sent)
    async with asyncio.timeout(5):
        answers = await reader.read()
    writer.close()
    assert answers.count(b"HTTP/1.1 ") == 1
    assert answers.startswith(b"HTTP/1.1 400 ")


async def test_a_head_without_end_is_refused_long_before_it_fills_memory(wire: Wire) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X: ")
    refusal = asyncio.create_task(reader.readexactly(12))
    sent = 0
    while not refusal.done() and sent < 16_000_000:
        writer.write(b"a" * MOST_HEAD_BYTES)
        sent += MOST_HEAD_BYTES
        await asyncio.wait([refusal], timeout=0.01)
    assert await refusal == b"HTTP/1.1 431"
    writer.close()


async def test_a_length_that_is_too_much_is_refused_before_anything_is_sent(wire: Wire) -> None:
    head = post(b"/register", b"", b"Content-Length: 9000000", b"Expect: 100-continue")
    assert (await answer_to(wire.port, head)).startswith(b"HTTP/1.1 413")


async def test_a_kept_connection_counts_each_head_anew(wire: Wire) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    for _ in range(20):
        writer.write(get(b"/health/live", b"X: " + b"a" * 4096))
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: ([0-9]+)", head)
        assert length
        await reader.readexactly(int(length[1]))
        assert head.startswith(b"HTTP/1.1 200")
    writer.close()
