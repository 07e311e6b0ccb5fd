"""Answers, rendered once: no response model is run over what is already JSON."""

import hashlib
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

KEPT = "private, no-cache"


def json_answer(body: Any, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """`body` as JSON; with store=False nobody may keep it (tokens, profile). Names of headers have "_" for "-"."""
    return json_bytes(orjson.dumps(body), status, store=store, **headers)


def json_bytes(body: bytes, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """JSON that is already rendered. Private data: only the client itself may keep it, and asks before it is used."""
    cache = KEPT if store else "no-store"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, {"Cache-Control": cache, **more}, "application/json")


def json_if_changed(body: bytes, scope: Scope) -> Response:
    """JSON with a tag of what it says; who sends the tag again gets 304 and no body (RFC 9110, section 13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": KEPT, "ETag": tag}
    if is_known(tag, scope):
        return Response(None, 304, headers)
    return Response(body, 200, headers, "application/json")


def is_known(tag: str, scope: Scope) -> bool:
    """By If-None-Match. A proxy that compresses says W/ before the tag: for this it is the same."""
    sent = [value for name, value in scope["headers"] if name == b"if-none-match"]
    known = {each.strip().removeprefix("W/") for value in sent for each in str(value, "latin-1").split(",")}
    return tag in known or "*" in known
