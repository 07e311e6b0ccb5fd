"""uvicorn's HTTP protocol with bounds where it has none: how large a head is, how long it and a body may take to come.

What is refused here never was a request to the app, so it is answered and counted here.
"""

import uuid
from asyncio import TimerHandle
from typing import Any, NamedTuple

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api import errors, refusals
from api.headers import secure
from shared import metrics

# What is read in one piece comes on top: at most 256 KiB.
MOST_HEAD_BYTES = 32_768
# The guard, which can tell who was slow, cuts a body first; this is for what comes in behind its answer.
GRACE_SECONDS = 2


class Bounds(NamedTuple):
    head_seconds: float = 10
    body_seconds: float = 15
    connections: int = 1_000


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 408, 431 or 503 and closes where a head or a body goes beyond the bounds."""

    bounds = Bounds()
    _head_bytes = 0
    _in_head = True
    _patience: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            self._refuse(refusals.Overloaded(retry_after=1))
        else:
            self._be_patient_for(self.bounds.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient_for(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(refusals.HeadersTooLarge())
                return
            self._head_bytes += len(data)
        if self._patience is None:
            self._be_patient_for(self.bounds.head_seconds)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._be_patient_for(self.bounds.body_seconds + GRACE_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._be_patient_for(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(errors.MalformedRequest())

    def _be_patient_for(self, seconds: float | None) -> None:
        if self._patience:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and self._in_head:  # the next request is late, and the one before has not had its answer
            self._be_patient_for(self.bounds.head_seconds)
        elif self._in_head and self._head_bytes:
            self._refuse(refusals.RequestTimeout())
        else:
            self.transport.close()

    def _refuse(self, problem: errors.Problem) -> None:
        """In front of the app there is no request: an answer made by hand, and the end of the connection."""
        if not self.transport.is_closing():
            metrics.count(f"http.refused.{problem.code}")
            self.transport.write(as_bytes(problem))
            self.transport.close()


def bounded(given: Bounds) -> type[BoundedHttpProtocol]:
    """The protocol with these bounds; uvicorn makes one for each connection."""

    class Bounded(BoundedHttpProtocol):
        bounds = given

    return Bounded


def as_bytes(problem: errors.Problem) -> bytes:
    """A whole answer, with an id of its own and as safe as any other."""
    request_id = uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        response = errors.respond(problem, {"path": "/"})
    start: dict[str, Any] = {"headers": response.raw_headers}
    secure(start, request_id)
    headers = {**dict(start["headers"]), b"connection": b"close"}
    lines = [STATUS_LINE[problem.status], *(name + b": " + value + b"\r\n" for name, value in headers.items())]
    return b"".join([*lines, b"\r\n", bytes(response.body)])
