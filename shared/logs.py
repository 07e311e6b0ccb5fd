"""Structured logs: JSON in production, readable in a terminal. Ids and figures only, never secrets or bodies."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

# These name addresses at INFO, and an address may hold a person's words.
QUIET = ("httpx", "httpcore", "asyncio", "arq", "uvicorn.access", "uvicorn.error")

# Local variables hold passwords and tokens: no traceback shows them.
_EXCEPTIONS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_FOR_PEOPLE = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def configure(service: str, output: str = "auto", level: str = "info") -> None:
    """Send the log of this process to stdout, one event a line; `auto` means readable in a terminal, else JSON."""
    readable = output == "console" or (output == "auto" and sys.stdout.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.set_exc_info if readable else _EXCEPTIONS,
    ]
    renderer: Any = _FOR_PEOPLE if readable else structlog.processors.JSONRenderer()
    if not readable:
        shared.append(head_first)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    _route_standard_logging(shared, renderer, level)


def request_id() -> str | None:
    """Of the request that is being served here, if one is: what its log lines bear."""
    bound: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return bound


def head_first(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> dict[str, Any]:
    """When, how bad, who and what stand at the beginning of each line."""
    head = {name: entry.pop(name) for name in ("timestamp", "level", "service", "event") if name in entry}
    return {**head, **entry}


def _route_standard_logging(shared: list[Any], renderer: Any, level: str) -> None:
    """Libraries log through the standard module: same stream, same form."""
    handler = logging.StreamHandler(sys.stdout)
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
