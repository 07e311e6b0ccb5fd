"""How an answer goes to the client: whole, a byte at a time, only half, or not at all."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import cast

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from dev.sandbox.answers import Answer
from dev.sandbox.calls import Call

TRANSPORT = "kinoshelf.transport"
_GZIP_LEAST = 500


class Wire:
    def __init__(self, request: Request, receive: Receive, send: Send, call: Call) -> None:
        self._request, self._receive, self._send, self._call = request, receive, send, call

    async def send(self, answer: Answer) -> None:
        headers, body = list(answer.headers), answer.body
        accepted = self._request.headers.get("accept-encoding", "")
        if answer.status == 200 and "gzip" in accepted and len(body) >= _GZIP_LEAST and len(headers) == 1:
            headers.append(("content-encoding", "gzip"))
            body = zlib.compress(body, 6, 16 + zlib.MAX_WBITS)
        await self._start(answer.status, headers, len(body))
        await self._send({"type": "http.response.body", "body": body})

    async def drip(self, answer: Answer, seconds: float) -> None:
        """A byte at a time, until the client has all or has had enough."""
        await self._start(answer.status, answer.headers, len(answer.body))
        for place in range(len(answer.body)):
            if await self.is_left(seconds):
                return
            more = place + 1 < len(answer.body)
            await self._send({"type": "http.response.body", "body": answer.body[place : place + 1], "more_body": more})

    async def send_half(self, answer: Answer) -> None:
        """Promise all of it, send half, close."""
        await self._start(answer.status, answer.headers, len(answer.body))
        half = answer.body[: len(answer.body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(self._request.scope).close()
        await self.is_left()

    async def drop(self) -> None:
        _transport(self._request.scope).abort()
        await self.is_left()

    async def is_left(self, seconds: float | None = None) -> bool:
        """Wait; whether the client went away meanwhile. Without a time, wait until it does."""
        try:
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def _start(self, status: int, headers: Sequence[tuple[str, str]], length: int) -> None:
        self._call.answered(status)
        raw = [(name.encode(), value.encode()) for name, value in (*headers, ("content-length", str(length)))]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})


def _transport(scope: Scope) -> asyncio.Transport:
    """The server in dev.sandbox.server hands it over; ASGI knows no way to break a connection."""
    return cast(asyncio.Transport, scope["extensions"][TRANSPORT]["transport"])
