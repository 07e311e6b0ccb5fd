"""Web pages elsewhere that may call: Starlette's middleware, with refusals in the form of all problems."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import errors, refusals


class Refusal(Response):
    """Names neither the page nor what it wanted, and allows nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await errors.respond(refusals.CrossOriginRefused(), scope)(scope, receive, send)


class CrossOrigin(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        return answer if answer.status_code < 400 else Refusal()
