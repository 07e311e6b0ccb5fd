"""Around every request, as pure ASGI: its id, what is told of it, the last resort for exceptions. No database."""

import os
import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BrokenOff, InternalError, respond
from api.headers import secure
from api.telemetry import operation_of, tell, where
from shared import sentry

log = structlog.get_logger()

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Binds the request id, measures, tells, turns an unforeseen exception into a 500."""

    def __init__(self, app: ASGIApp, reads: float = 1) -> None:
        self._app = app
        self._reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                secure(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except BrokenOff:
            log.info("answer_broken_off")
        except Exception as error:
            log.exception("request_crashed", operation=operation_of(scope))
            sentry.report(error, **where(scope))
            if not status:
                await respond(InternalError(), scope)(scope, receive, send_with_id)
        finally:
            tell(scope, status, time.perf_counter() - started, reads=self._reads)
            structlog.contextvars.unbind_contextvars("request_id", "user_id", "kinopoisk_id")


def request_id_of(scope: Scope) -> str:
    """The client's own id if it is a harmless one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return os.urandom(16).hex()
