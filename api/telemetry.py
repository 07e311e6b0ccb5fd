"""What is told of each request when it is over: a log line, and metrics. Templates of routes, never the path itself."""

import re
import zlib
from functools import lru_cache

import structlog
from starlette.types import Scope

from shared import metrics
from shared.logs import request_id

log = structlog.get_logger()

COMMANDS = "api.commands."
READS = {"GET", "HEAD"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def operation_of(scope: Scope) -> str:
    """The name of the endpoint, or what the router made of the request."""
    endpoint = scope.get("endpoint")
    return getattr(endpoint, "__name__", "no_route")


def where(scope: Scope) -> dict[str, str | None]:
    """Which of the calls it was, for Sentry."""
    return {"operation": operation_of(scope), "route": getattr(scope.get("route"), "path", None)}


def tell(scope: Scope, status: int, seconds: float, *, reads: float = 1) -> None:
    """The request is over; status 0: the client left before the answer. `reads` is the share of them that is logged."""
    operation, path = operation_of(scope), getattr(scope.get("route"), "path", None)
    milliseconds = seconds * 1000
    problem = scope.get("problem")
    write = log.info if is_worth_a_line(scope["method"], path, status, reads) else log.debug
    write(
        "request_finished",
        operation=operation,
        method=scope["method"],
        route=path,
        status=status,
        duration_ms=round(milliseconds, 2),
        **({"problem": problem} if problem else {}),
    )
    if is_health(path):
        return
    has_route = status != 405  # what is asked for in a way that it knows not would have a name for each way
    route = name_of(scope["method"], path if has_route else None)
    metrics.count(f"http.requests.{route}.{status}")
    metrics.timing(f"http.duration.{route}.{status}", milliseconds)
    if problem:
        metrics.count(f"http.refused.{problem}")
    if has_route and getattr(scope.get("endpoint"), "__module__", "").startswith(COMMANDS):
        metrics.count(f"commands.{operation}.{problem or ('done' if status else 'cut-off')}")


def is_health(path: str | None) -> bool:
    """Probes ask every few seconds, and would be half of all that is told of a quiet service."""
    return (path or "").startswith("/health")


def is_worth_a_line(method: str, path: str | None, status: int, reads: float) -> bool:
    """Health checks are not, nor are all but this share of the reads that went well.

    The request id decides, so that of a chain of calls under one id all or none are logged.
    """
    if is_health(path):
        return False
    if reads == 1 or method not in READS or not 200 <= status < 400:
        return True
    return zlib.crc32((request_id() or "").encode()) < reads * 2**32


@lru_cache(maxsize=256)
def name_of(method: str, path: str | None) -> str:
    """Method and template of a route as one part of a metric's name: GET_movies_favorites_kinopoisk_id."""
    if path is None:
        return "no_route"
    words = re.findall(r"[A-Za-z0-9_]+", path)
    return "_".join([method if method in METHODS else "OTHER", *words])
