"""The control over HTTP: /sandbox/ reads the calls, orders faults, changes settings and films. It needs no key."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.sandbox.answers import JSON
from dev.sandbox.faults import parse_fault
from dev.sandbox.films import Film
from dev.sandbox.params import whole
from dev.sandbox.render import film_document, film_from
from dev.sandbox.state import Sandbox

Control = Callable[[Sandbox, Request], Awaitable[Any]]


async def get_calls(sandbox: Sandbox, request: Request) -> Any:
    return sandbox.calls.document(log=request.query_params.get("log") != "0")


async def delete_calls(sandbox: Sandbox, request: Request) -> None:
    sandbox.forget_calls()


async def get_settings(sandbox: Sandbox, request: Request) -> Any:
    return sandbox.options.document()


async def put_settings(sandbox: Sandbox, request: Request) -> Any:
    sandbox.options.update(await _json(request))
    return sandbox.options.document()


async def get_faults(sandbox: Sandbox, request: Request) -> Any:
    return sandbox.faults.document()


async def post_fault(sandbox: Sandbox, request: Request) -> Any:
    sandbox.faults.add(parse_fault(await _json(request)))
    return sandbox.faults.document()


async def delete_faults(sandbox: Sandbox, request: Request) -> None:
    sandbox.faults.clear()


async def put_film(sandbox: Sandbox, request: Request) -> Any:
    film_id = _film_id(request)
    film = film_from(sandbox.films.get(film_id) or Film(film_id), await _json(request))
    sandbox.films.put(film)
    return film_document(film)


async def delete_film(sandbox: Sandbox, request: Request) -> None:
    sandbox.films.remove(_film_id(request))


async def delete_films(sandbox: Sandbox, request: Request) -> None:
    """Forget all changes: the films are again as the facts say."""
    sandbox.films.restore()


async def post_reset(sandbox: Sandbox, request: Request) -> None:
    sandbox.reset()


async def _json(request: Request) -> Any:
    return orjson.loads(await request.body())  # a JSONDecodeError is a ValueError, so a 400


def _film_id(request: Request) -> int:
    if film_id := whole(request.path_params["id"]):
        return film_id
    raise ValueError("The film's id must be a number of 1 or more")


def _route(method: str, path: str, control: Control) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            document = await control(request.app.state.sandbox, request)
        except ValueError as error:
            return Response(orjson.dumps({"message": str(error)}), 400, media_type=JSON)
        return Response(status_code=204) if document is None else Response(orjson.dumps(document), media_type=JSON)

    return Route(f"/sandbox/{path}", endpoint, methods=[method])


ROUTES = (
    _route("GET", "calls", get_calls),
    _route("DELETE", "calls", delete_calls),
    _route("GET", "settings", get_settings),
    _route("PUT", "settings", put_settings),
    _route("GET", "faults", get_faults),
    _route("POST", "faults", post_fault),
    _route("DELETE", "faults", delete_faults),
    _route("PUT", "films/{id}", put_film),
    _route("DELETE", "films/{id}", delete_film),
    _route("DELETE", "films", delete_films),
    _route("POST", "reset", post_reset),
)
