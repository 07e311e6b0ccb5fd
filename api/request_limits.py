"""How much one caller may ask, and how much all together: pure ASGI, in this process, without a round trip."""

import math

from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors, refusals
from api.addresses import origin_of
from api.buckets import Buckets
from api.identity import claimed_identity

# Probes are answered whatever else goes on.
EXEMPT = "/health/"


class RequestLimit:
    """429 for the user who asks too often, or for the address where no token says who it is."""

    def __init__(self, app: ASGIApp, per_second: float, burst: int) -> None:
        self._app = app
        self._buckets = Buckets(per_second, burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(EXEMPT):
            identity = claimed_identity(scope)
            if wait := self._buckets.take(identity.user_id if identity else origin_of(scope).address):
                problem = refusals.TooManyRequests(retry_after=math.ceil(wait))
                await errors.respond(problem, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Crowd:
    """503 for whoever comes while so many requests are under way. Behind the guard: bodies that drip are not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            await errors.respond(refusals.Overloaded(retry_after=1), scope)(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
