"""Callers that drip, say nothing, or come in crowds of connections: a real uvicorn lets go of them in bounded time."""

import asyncio
import select
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import orjson
import pytest
from starlette.responses import Response

from api.main import create_app
from api.protocol import Bounds, bounded
from dev.sandbox.server import running_sandbox
from dev.testing import Servers
from tests.client import eventually
from tests.conftest import changed
from tests.hostile.conftest import emptied, fort_settings, listening
from tests.hostile.test_wire import get, post
from tests.recorded import Recorded

# Far over the seconds after which they are cut.
PATIENCE = 20
BODY_SECONDS = 0.3


@pytest.fixture(scope="module")
async def port(migrated: Servers) -> AsyncIterator[int]:
    """A service whose patience is short."""
    async with emptied(migrated), running_sandbox() as sandbox:
        settings = changed(fort_settings(migrated, sandbox), limits={"body_seconds": BODY_SECONDS})
        bounds = Bounds(head_seconds=0.3, body_seconds=BODY_SECONDS)
        async with listening(create_app(settings), bounded(bounds)) as listened:
            yield listened


async def drip(port: int, sent: bytes, drops: Iterable[bytes] = ()) -> bytes:
    """What comes back until the server hangs up, which is waited for; after `sent` a byte now and then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)

    async def go_on() -> None:
        with suppress(ConnectionError):
            for drop in drops:
                await asyncio.sleep(0.02)
                writer.write(drop)

    dripping = asyncio.create_task(go_on())
    answer = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while piece := await reader.read(65_536):
                answer += piece
        return answer
    except ConnectionResetError:  # a drop came in behind the end
        return answer or b"reset"
    finally:
        dripping.cancel()
        writer.close()


def problem_in(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    told = orjson.loads(body)
    assert f"HTTP/1.1 {told['status']} ".encode() in head
    assert b"content-type: application/problem+json" in head
    assert b"x-request-id: " + str(told["request_id"]).encode() in head
    assert b"content-security-policy: " in head
    return {name: told[name] for name in ("status", "code")}


SLOW = {"status": 408, "code": "request-timeout"}
DROPS = [b"a"] * 10_000


async def test_a_head_that_drips_is_cut(port: int) -> None:
    assert problem_in(await drip(port, b"GET /genres HTTP/1.1\r\nHost: a\r\nX: ", DROPS)) == SLOW


async def test_a_head_that_stops_is_cut(port: int) -> None:
    assert problem_in(await drip(port, b"GET /gen")) == SLOW


async def test_empty_lines_are_no_way_to_stay(port: int) -> None:
    assert problem_in(await drip(port, b"\r\n", [b"\r\n"] * 10_000)) == SLOW


async def test_who_says_nothing_is_hung_up_on(port: int) -> None:
    assert await drip(port, b"") == b""


async def test_a_body_that_drips_is_cut(port: int) -> None:
    assert problem_in(await drip(port, post(b"/login", b'{"', b"Content-Length: 9000"), DROPS)) == SLOW


async def test_chunks_that_drip_are_cut(port: int) -> None:
    assert (
        problem_in(await drip(port, post(b"/login", b"", b"Transfer-Encoding: chunked"), [b"1\r\na\r\n"] * 10_000))
        == SLOW
    )


async def test_a_body_that_drips_on_behind_its_refusal_is_cut(port: int) -> None:
    answer = await drip(port, post(b"/login", b"", b"Content-Length: 9000000"), DROPS)
    assert answer.startswith(b"HTTP/1.1 413 ") or answer == b"reset"


async def test_the_second_request_of_a_connection_is_cut_too(port: int) -> None:
    answers = await drip(port, get(b"/health/live"), [b"GET /genres HTTP/1.1\r\nX: ", *DROPS])
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert problem_in(answers[answers.index(b"HTTP/1.1 408") :]) == SLOW


async def test_who_is_cut_is_counted(port: int, told: Recorded) -> None:
    await drip(port, b"GET /gen")
    await drip(port, post(b"/login", b"{", b"Content-Length: 9"))
    assert told.counts["http.refused.request-timeout"] == 2


async def test_more_connections_than_there_is_room_for_are_told_to_come_back() -> None:
    async with listening(Response("served"), bounded(Bounds(connections=2))) as port:
        silent = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(2)))
        refused = await drip(port, get(b"/"))
        for _, writer in silent:
            writer.close()
            await writer.wait_closed()

        async def served() -> bool:
            return (await drip(port, get(b"/", b"Connection: close"))).endswith(b"served")

        await eventually(served)
    assert problem_in(refused) == {"status": 503, "code": "overloaded"}
    assert b"retry-after: 1" in refused


async def test_what_is_no_http_is_told_so_in_the_form_of_all_problems(port: int) -> None:
    assert problem_in(await drip(port, b"hello\r\n\r\n")) == {"status": 400, "code": "malformed-request"}


LONG = Response("x" * 2**24)


def reads_nothing(port: int) -> socket.socket:
    """A caller with room for hardly anything."""
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    caller.connect(("127.0.0.1", port))
    return caller


async def until_hung_up_on(caller: socket.socket) -> None:
    """Linux tells it without anything being read."""
    waiting = select.poll()
    waiting.register(caller, select.POLLRDHUP | select.POLLHUP | select.POLLERR)

    async def hung_up() -> bool:
        return any(what & (select.POLLHUP | select.POLLERR) for _, what in waiting.poll(0))

    await eventually(hung_up, PATIENCE)


@pytest.mark.parametrize("header", [b"Connection: close", b"Connection: keep-alive"])
async def test_who_takes_nothing_of_an_answer_is_cut(header: bytes, told: Recorded) -> None:
    async with listening(LONG, bounded(Bounds(answer_seconds=0.3))) as port:
        with reads_nothing(port) as caller:
            caller.sendall(get(b"/", header))
            await until_hung_up_on(caller)
    assert told.counts["http.refused.answer-not-taken"] == 1


async def test_who_takes_it_slowly_is_not_cut() -> None:
    async with listening(LONG, bounded(Bounds(answer_seconds=0.3))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
        writer.write(get(b"/", b"Connection: close"))
        received = 0
        while piece := await reader.read(2**18):
            received += len(piece)
            await asyncio.sleep(0.02)  # in all far longer than 0.3 s, and never that long without taking something
        writer.close()
    assert received > 2**24


async def test_who_asks_far_ahead_and_takes_nothing_is_cut(told: Recorded) -> None:
    async with listening(LONG, bounded(Bounds(answer_seconds=0.3))) as port:
        with reads_nothing(port) as caller:
            caller.sendall(get(b"/") * 5)
            await until_hung_up_on(caller)
    assert told.counts["http.refused.answer-not-taken"] == 1


async def test_who_asks_further_ahead_than_anybody_needs_to_is_cut(told: Recorded) -> None:
    async with listening(LONG, bounded(Bounds())) as port:
        with reads_nothing(port) as caller:
            caller.sendall(get(b"/") * 200)
            await until_hung_up_on(caller)
    assert told.counts["http.refused.too-far-ahead"] == 1


async def test_a_few_requests_ahead_are_answered() -> None:
    async with listening(Response("served"), bounded(Bounds())) as port:
        answers = await drip(port, get(b"/") * 20 + get(b"/", b"Connection: close"))
    assert answers.count(b"served") == 21
