"""A minimal HTTP/1.1 client over asyncio streams: light enough to share two cores with what it measures."""

import asyncio
import time
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

# The API closes a connection after five idle seconds; we replace it before that.
IDLE_SECONDS = 3.0
ANSWER_SECONDS = 30.0


class Answer(NamedTuple):
    """What came back, and how long it took from the first byte sent to the last received."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return orjson.loads(self.body)


class Connection:
    """One kept-alive connection; one request at a time. It knows answers with Content-Length only, as ours are."""

    def __init__(self, host: str, port: int, *headers: str) -> None:
        self._address = host, port
        self._headers = "".join(f"{line}\r\n" for line in (f"Host: {host}:{port}", *headers))
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._used_at = 0.0

    async def send(self, method: str, path: str, document: Any = None, *, header: str = "") -> Answer:
        """Ask and wait for the whole answer; opening a connection, where needed, counts too."""
        body = b"" if document is None else orjson.dumps(document)
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        own = f"{header}\r\n" if header else ""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await self._streams()
                writer.write(f"{method} {path} HTTP/1.1\r\n{self._headers}{own}{kind}\r\n".encode() + body)
                status, content = await _read_answer(reader)
        except BaseException:
            self.close()  # half an answer may be under way
            raise
        self._used_at = time.perf_counter()
        return Answer(status, content, self._used_at - started)

    async def _streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._writer and time.perf_counter() - self._used_at > IDLE_SECONDS:
            self.close()
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self._reader, self._writer

    def close(self) -> None:
        if self._writer:
            with suppress(OSError):
                self._writer.close()
        self._reader = self._writer = None


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    length = int(rest.partition(b"\r\n")[0]) if found else 0
    return int(head[9:12]), await reader.readexactly(length)
