"""Answers, rendered once: no response model is run over what is already JSON."""

from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope
from xxhash import xxh3_128_hexdigest

# Private data: only the client itself may keep it, and asks before it is used. Or nobody may keep it.
KEPT, NOT_KEPT = (b"cache-control", b"private, no-cache"), (b"cache-control", b"no-store")
JSON = (b"content-type", b"application/json")


class Rendered(Response):
    """JSON that is bytes already, as are its headers: Starlette would encode each of them for each answer."""

    def __init__(self, body: bytes, status: int, *headers: tuple[bytes, bytes]) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [JSON, (b"content-length", b"%d" % len(body)), *headers]


def json_answer(body: Any, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """`body` as JSON; with store=False nobody may keep it (tokens, profile). Names of headers have "_" for "-"."""
    return json_bytes(orjson.dumps(body), status, store=store, **headers)


def json_bytes(body: bytes, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """JSON that is already rendered."""
    more = ((name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in headers.items())
    cache = [] if "Cache_Control" in headers else [KEPT if store else NOT_KEPT]
    return Rendered(body, status, *cache, *more)


def json_if_changed(body: bytes, scope: Scope) -> Response:
    """JSON with a tag of what it says; who sends the tag again gets 304 and no body (RFC 9110, section 13.1.2)."""
    tag = b'"%b"' % xxh3_128_hexdigest(body).encode()
    if is_known(tag, scope):
        return Response(None, 304, {"Cache-Control": KEPT[1].decode(), "ETag": tag.decode()})
    return Rendered(body, 200, KEPT, (b"etag", tag))


def is_known(tag: bytes, scope: Scope) -> bool:
    """By If-None-Match. A proxy that compresses says W/ before the tag: for this it is the same."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            known = {each.strip().removeprefix(b"W/") for each in value.split(b",")}
            if tag in known or b"*" in known:
                return True
    return False
