"""The calls as a bare ASGI app: no framework, no logs, no metrics, no limits."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bench.limit import calls
from bench.limit.calls import Asked, Call
from bench.limit.database import opened
from shared.settings import Settings

EXACT: Mapping[tuple[str, str], Call] = {
    ("GET", "/movies/favorites"): calls.list_favourites,
    ("POST", "/movies/favorites"): calls.add_favourite,
    ("GET", "/movies/search"): calls.search_films,
    ("GET", "/recommendations"): calls.recommend_films,
}
BY_NUMBER: Mapping[tuple[str, str], Call] = {
    ("GET", "/movies/favorites/"): calls.get_favourite,
    ("DELETE", "/movies/favorites/"): calls.remove_favourite,
    ("GET", "/movies/"): calls.get_film,
}


class App:
    """One service's worth of connections, opened and closed by the server's lifespan."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope["state"], receive, send)
            return
        status, body = await answer(scope, receive)
        length = (b"content-length", str(len(body)).encode())
        headers = [(b"content-type", b"application/json"), length] if body else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, state: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        async with opened(self._settings) as state["parts"]:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def answer(scope: Any, receive: Any) -> calls.Answer:
    method, path, parts = scope["method"], scope["path"], scope["state"]["parts"]
    call, number = EXACT.get((method, path)), 0
    if call is None:
        place, slash, last = path.rpartition("/")
        if not last.isdigit():
            return 200, b"{}"  # is it ready?
        call, number = BY_NUMBER[method, place + slash], int(last)
    body = (await receive())["body"] if method == "POST" else b""
    query = dict(parse_qsl(scope["query_string"].decode()))
    asked = Asked(parts, parts.tokens.verify(token_of(scope)), number, query, body)
    async with parts.pool.acquire() as connection:
        return await call(connection, asked)


def token_of(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value[7:], "ascii")
    return ""
