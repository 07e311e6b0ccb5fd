"""Where exceptions become problems: validation, routing, a database that is away. The text of none of them leaves."""

from typing import Any

import structlog
from asyncpg import PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount

from api import errors
from api.telemetry import where
from shared import sentry
from shared.postgres import is_away

log = structlog.get_logger()

BY_STATUS = {404: errors.NotFound, 405: errors.MethodNotAllowed, 400: errors.MalformedRequest}


def install(app: FastAPI) -> None:
    app.exception_handler(errors.Problem)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    for kind in (DBAPIError, PostgresError, PoolTimeout, OSError, TimeoutError):
        app.exception_handler(kind)(_fault)


async def _problem(request: Request, error: errors.Problem) -> Response:
    return errors.respond(error, request.scope)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return errors.respond(errors.MalformedRequest(), request.scope)
    return errors.respond(errors.InvalidRequest(errors=[_entry(item) for item in found]), request.scope)


def _entry(item: dict[str, Any]) -> dict[str, str]:
    """Place, code and fixed text; an unknown field's own name is the client's text, so its place ends above it."""
    place = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    message = item["msg"].removeprefix("Value error, ")
    return {"location": ".".join(map(str, place)), "code": item["type"].replace("_", "-"), "message": message}


async def _http(request: Request, error: HTTPException) -> Response:
    problem = BY_STATUS.get(error.status_code, errors.InternalError)()
    if error.status_code == 405:
        problem.headers["Allow"] = ", ".join(sorted(allowed_methods(request)))
    return errors.respond(problem, request.scope)


def allowed_methods(request: Request) -> set[str]:
    """Of all routes at this address; the router itself names those of the first one only."""
    routes = request.app.router.routes
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", "")}  # a mount changes it

    def taken(method: str) -> bool:
        found = (route for route in routes if route.matches({**scope, "method": method})[0] is Match.FULL)
        return any(method == "GET" or not isinstance(route, Mount) for route in found)  # files are only read

    return {method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if taken(method)}


async def _fault(request: Request, error: Exception) -> Response:
    """A database that is away or overloaded comes back: say when to ask again. Any other error is ours."""
    if not is_away(error):
        raise error
    log.warning("database_unavailable", error=type(error).__name__)
    sentry.report(error, **where(request.scope))
    return errors.respond(errors.Unavailable(retry_after=2), request.scope)
