"""Before routing, as pure ASGI: host, length of the address; pace, size, type, encoding and depth of the body."""

import asyncio
import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors, refusals
from api.hosts import Hosts

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FORM_PATHS = {"/login"}
WITHOUT_BODY = {"GET", "HEAD", "DELETE", "OPTIONS"}
# Of the methods that need no body, these calls take one.
WITH_BODY = {("DELETE", "/profile")}
ANNOUNCING = {b"content-length", b"transfer-encoding"}
DEEPEST = 20
# Of an address: nothing in it can decode to anything else.
PLAIN = re.compile(rb"[A-Za-z0-9/_=&.-]*")


class RequestGuard:
    """Refuses what no endpoint should have to look at; hands on the body in one piece."""

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], url_bytes: int, body_bytes: int, body_seconds: float
    ) -> None:
        self._app = app
        self._hosts = Hosts(hosts)
        self._url_bytes = url_bytes
        self._body_bytes = body_bytes
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._hosts.check(scope)
            self._check_address(scope)
            body = await self._read_body(Request(scope, receive)) if announces_body(scope) else b""
            check_body(scope, body)
            scope["state"]["body"] = body
        except errors.Problem as problem:
            await errors.respond(problem, scope)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        await self._app(scope, replay(body, receive), send)

    def _check_address(self, scope: Scope) -> None:
        parts = (scope.get("raw_path", b""), scope["query_string"])
        if sum(map(len, parts)) > self._url_bytes:
            raise errors.UriTooLong
        if all(PLAIN.fullmatch(part) for part in parts):
            return
        try:
            decoded = [unquote_to_bytes(part).decode() for part in parts]
        except UnicodeDecodeError:
            raise errors.MalformedRequest from None
        if any("\x00" in part for part in decoded):
            raise errors.MalformedRequest

    async def _read_body(self, request: Request) -> bytes:
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._body_bytes:
            raise errors.ContentTooLarge  # at once: nobody need send it
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._body_bytes:
                        raise errors.ContentTooLarge
        except TimeoutError:
            raise refusals.RequestTimeout from None
        return bytes(body)


def announces_body(scope: Scope) -> bool:
    """RFC 9112, section 6: one of these headers, or there is none."""
    return any(name in ANNOUNCING for name, _ in scope["headers"])


def check_body(scope: Scope, body: bytes) -> None:
    """Raises UnsupportedMediaType or MalformedRequest. A body where none is needed is not looked at."""
    call = (scope["method"], scope["path"])
    if not body or (scope["method"] in WITHOUT_BODY and call not in WITH_BODY):
        return
    kind, _, parameters = content_type(scope).partition(";")
    if parameters.strip().lower() not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise errors.UnsupportedMediaType
    if kind.strip().lower() == FORM and scope["path"] in FORM_PATHS:
        return
    if kind.strip().lower() != JSON:
        raise errors.UnsupportedMediaType
    try:
        if depth(orjson.loads(body)) > DEEPEST:
            raise errors.MalformedRequest
        json.loads(body, object_pairs_hook=without_duplicates)
    except ValueError:
        raise errors.MalformedRequest from None


def content_type(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return str(value, "latin-1")
    return ""


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name readers may take either (RFC 8259, section 4): refuse. Raises ValueError."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def depth(value: Any) -> int:
    """How deep lists and objects are nested, counted without recursion."""
    deepest, left = 0, [(value, 1)]
    while left:
        item, level = left.pop()
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        if children is not None:
            deepest = max(deepest, level)
            left += [(child, level + 1) for child in children]
    return deepest


def replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the server says (a disconnect)."""
    sent = False

    async def receive_again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
