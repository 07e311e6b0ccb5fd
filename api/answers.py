"""Answers, rendered once: no response model is run over what is already JSON."""

from typing import Any

import orjson
from starlette.responses import Response


def json_answer(body: Any, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """`body` as JSON; with store=False nobody may keep it (tokens, profile). Names of headers have "_" for "-"."""
    return json_bytes(orjson.dumps(body), status, store=store, **headers)


def json_bytes(body: bytes, status: int = 200, *, store: bool = True, **headers: str) -> Response:
    """JSON that is already rendered. Private data: only the client itself may keep it, and asks before it is used."""
    cache = "private, no-cache" if store else "no-store"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, {"Cache-Control": cache, **more}, "application/json")
