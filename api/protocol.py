"""uvicorn's HTTP protocol with bounds where it has none: how large a head is, how long all may take to come or go.

What is refused here never was a request to the app, so it is answered and counted here.
"""

import socket
import struct
import uuid
from asyncio import TimerHandle
from typing import Any, NamedTuple

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api import errors, refusals
from api.headers import secure
from shared import metrics

# What is read in one piece comes on top: at most 256 KiB.
MOST_HEAD_BYTES = 32_768
# Requests that came before the one ahead of them was answered; hardly any client sends even two.
MOST_PIPELINED = 32
# Of an answer, between two looks.
LEAST_TAKEN_BYTES = 16_384
# The guard, which can tell who was slow, cuts a body first; this is for what comes in behind its answer.
GRACE_SECONDS = 2


class Bounds(NamedTuple):
    head_seconds: float = 10
    body_seconds: float = 15
    answer_seconds: float = 30
    connections: int = 1_000


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 408, 431 or 503 and closes where a head or a body goes beyond the bounds.

    Who does not take his answers, or asks far ahead of them, is cut: they hold memory and a place.
    """

    bounds = Bounds()
    _head_bytes = 0
    _in_head = True
    _patience: TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _look: TimerHandle | None = None
    _left = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look = self.loop.call_later(self.bounds.answer_seconds, self._look_whether_answers_are_taken)
        if len(self.connections) > self.bounds.connections:
            self._refuse(refusals.Overloaded(retry_after=1))
        else:
            self._be_patient_for(self.bounds.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient_for(None)
        if self._look:
            self._look.cancel()
        if self._answering and not self._answering.response_complete:  # uvicorn tells only the last one that came
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def resume_writing(self) -> None:
        self._left = 0
        super().resume_writing()

    def _look_whether_answers_are_taken(self) -> None:
        """Cut where hardly anything has been taken since the last look, of what is being sent or of a farewell."""
        left = self.transport.get_write_buffer_size() if self.flow.write_paused or self.transport.is_closing() else 0
        if left and self._left and left > self._left - LEAST_TAKEN_BYTES:
            self._cut("answer-not-taken")
            return
        self._left = left
        self._look = self.loop.call_later(self.bounds.answer_seconds, self._look_whether_answers_are_taken)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(refusals.HeadersTooLarge())
                return
            self._head_bytes += len(data)
        super().data_received(data)
        if self._patience is None:  # most requests come in one piece, and need none
            if not self._in_head:
                self._be_patient_for(self.bounds.body_seconds + GRACE_SECONDS)
            elif self._head_bytes:
                self._be_patient_for(self.bounds.head_seconds)

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.pipeline) >= MOST_PIPELINED:
            self._cut("too-far-ahead")
            raise ConnectionAbortedError  # the parser stops reading what else came with it
        self._be_patient_for(None)
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
            self._patience = None
        if seconds is not None:
            self._patience = self.loop.call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._in_head and self._earlier_one_waits():  # the next request is late, but so is our answer
            self._be_patient_for(self.bounds.head_seconds)
        elif self._in_head and self._head_bytes:
            self._refuse(refusals.RequestTimeout())
        else:
            self.transport.close()

    def _cut(self, reason: str) -> None:
        """At once: what was not taken is thrown away (SO_LINGER of socket(7)), here and in the kernel."""
        metrics.count(f"http.refused.{reason}")
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _refuse(self, problem: errors.Problem) -> None:
        """In front of the app there is no request: an answer made by hand, and the end of the connection.

        The end alone where a request before it waits for its answer: it would take this one for it.
        """
        if not self.transport.is_closing():
            metrics.count(f"http.refused.{problem.code}")
            if not self._earlier_one_waits():
                self.transport.write(as_bytes(problem))
            self.transport.close()

    def _earlier_one_waits(self) -> bool:
        if self._in_head:
            return self.cycle is not None and not self.cycle.response_complete
        return bool(self.pipeline)


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
