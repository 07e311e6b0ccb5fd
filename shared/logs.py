"""Structured logs: JSON in production, readable in a terminal. Ids and figures only, never secrets or bodies."""

import json
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from typing import Any, TextIO, cast

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo

from shared.redaction import Redaction

# These name addresses at INFO, and an address may hold a person's words; or they tell of every connection.
QUIET = ("httpx", "httpcore", "asyncio", "arq", "sqlalchemy", "shared.lending", "uvicorn.access", "uvicorn.error")

_trace = ExceptionDictTransformer(show_locals=False)


def configure(
    service: str, output: str = "auto", level: str = "info", secrets: Sequence[str] = (), *, lasting: bool = False
) -> None:
    """Send the log of this process to stdout, one event a line; `auto` means readable in a terminal, else JSON.

    In JSON an exception is its type and its place; only people at a terminal see its text, without the `secrets`.
    `lasting`: loggers stay as they are configured now, which makes each line quicker.
    """
    redaction = Redaction(secrets)
    readable = output == "console" or (output == "auto" and sys.stdout.isatty())
    shared: list[Any] = [
        _Head(service),
        structlog.dev.set_exc_info if readable else structlog.processors.ExceptionRenderer(what_and_where),
    ]
    renderer: Any = _for_people(redaction) if readable else structlog.processors.JSONRenderer(as_json)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Forgiving(sys.stdout))),
        cache_logger_on_first_use=lasting,
    )
    _route_standard_logging([_Libraries(redaction), *shared], renderer, level)


class _Forgiving:
    """What cannot be written, to a full disk or to nobody, is lost: no request and no job fails for its log line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        with suppress(OSError):
            self._file.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


class _Head:
    """When, how bad, who and what stand at the beginning of each line, then what is bound: one step, to be quick."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: Any, level: str, entry: EventDict) -> EventDict:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        head = {"timestamp": moment, "level": level, "service": self._service, "event": entry.pop("event", None)}
        return {**head, **structlog.contextvars.get_contextvars(), **entry, **head}


def as_json(entry: Any, default: Any) -> str:
    """In ASCII, which any stdout takes, and which escapes all that a terminal or a reader of lines might obey.

    orjson does so with what is ASCII already, and takes no number beyond 64 bits: the rest is left to json.
    """
    with suppress(TypeError):
        line = orjson.dumps(entry, default).decode()
        if line.isascii():
            return line
    return json.dumps(entry, default=default)


def _for_people(redaction: Redaction) -> structlog.dev.ConsoleRenderer:
    def write(stream: TextIO, exc_info: ExcInfo) -> None:
        traceback = StringIO()
        structlog.dev.plain_traceback(traceback, exc_info)
        stream.write(redaction.text(traceback.getvalue()))

    return structlog.dev.ConsoleRenderer(exception_formatter=write)


def what_and_where(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Types and places of an exception and its causes. Local variables and texts may hold passwords and tokens."""
    return [_without_texts(each) for each in _trace(exc_info)]


def _without_texts(each: dict[str, Any]) -> dict[str, Any]:
    kept = {name: each[name] for name in ("exc_type", "is_cause", "frames")}
    if each["is_group"]:
        kept["exceptions"] = [[_without_texts(part) for part in trace] for trace in each["exceptions"]]
    return kept


class _Libraries:
    """What libraries log: without the texts of exceptions, and without what is known or looks like a secret."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def __call__(self, _logger: Any, _method: str, entry: EventDict) -> EventDict:
        record: logging.LogRecord = entry["_record"]
        # A line about an exception repeats its text: of such a one the first line of the template is left.
        told = str(record.msg).partition("\n")[0] if record.exc_info else str(entry["event"])
        return {**entry, "event": self._redaction.text(told)}


def request_id() -> str | None:
    """Of the request that is being served here, if one is: what its log lines bear."""
    bound: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return bound


def _route_standard_logging(shared: list[Any], renderer: Any, level: str) -> None:
    """Libraries log through the standard module: same stream, same form."""
    handler = logging.StreamHandler(sys.stdout)
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
