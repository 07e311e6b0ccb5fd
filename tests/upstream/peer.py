"""A peer that speaks raw bytes, for what no HTTP server would do."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@dataclass
class Peer:
    """Where it listens and how many requests and connections it has seen."""

    url: str
    requests: int = 0
    connections: int = 0


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The head of a request; empty where the client has left."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def ok(body: bytes, *headers: str) -> bytes:
    """A whole answer that keeps its connection."""
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers, "", "")
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def peer(answers: list[bytes | None]) -> AsyncIterator[Peer]:
    """Request number n gets answer n; None, or no answer left, closes the connection without a word."""
    seen = Peer("")
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        while await read_request(reader):
            seen.requests += 1
            answer = left.pop(0) if left else None
            if answer is None:
                break
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with listening(serve) as url:
        seen.url = url
        yield seen


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """A server on a free port; what it still writes when the client is gone is nobody's loss."""
    tasks: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
