"""What is told of each request when it is over: a log line, and metrics. Templates of routes, never the path itself."""

import re
from functools import lru_cache

import structlog
from starlette.types import Scope

from shared import metrics

log = structlog.get_logger()

COMMANDS = "api.commands."
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def operation_of(scope: Scope) -> str:
    """The name of the endpoint, or what the router made of the request."""
    endpoint = scope.get("endpoint")
    return getattr(endpoint, "__name__", "no_route")


def where(scope: Scope) -> dict[str, str | None]:
    """Which of the calls it was, for Sentry."""
    return {"operation": operation_of(scope), "route": getattr(scope.get("route"), "path", None)}


def tell(scope: Scope, status: int, seconds: float) -> None:
    """The request is over; status 0: the client left before the answer. Health checks are logged at debug level."""
    operation, path = operation_of(scope), getattr(scope.get("route"), "path", None)
    milliseconds = seconds * 1000
    write = log.debug if (path or "").startswith("/health") else log.info
    write(
        "request_finished",
        operation=operation,
        method=scope["method"],
        route=path,
        status=status,
        duration_ms=round(milliseconds, 2),
    )
    route = name_of(scope["method"], path)
    metrics.count(f"http.requests.{route}.{status}")
    metrics.timing(f"http.duration.{route}.{status}", milliseconds)
    problem = scope.get("problem")
    if problem:
        metrics.count(f"http.refused.{problem}")
    if getattr(scope.get("endpoint"), "__module__", "").startswith(COMMANDS):
        metrics.count(f"commands.{operation}.{problem or 'done'}")


@lru_cache(maxsize=256)
def name_of(method: str, path: str | None) -> str:
    """Method and template of a route as one part of a metric's name: GET_movies_favorites_kinopoisk_id."""
    if path is None:
        return "no_route"
    words = re.findall(r"[A-Za-z0-9_]+", path)
    return "_".join([method if method in METHODS else "OTHER", *words])
