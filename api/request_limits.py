"""How much one caller may ask, and how much all together: pure ASGI, in this process, without a round trip."""

import math
import time
import uuid

from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors, refusals
from api.addresses import origin_of
from api.buckets import Buckets
from api.identity import claimed_identity

# Probes are answered whatever else goes on.
EXEMPT = "/health/"
# What is remembered of sessions, and for how long one that was found open may ask what takes no session.
MOST_SESSIONS, BELIEVED_SECONDS = 10_000, 60


class RequestLimit:
    """429 for the user who asks too often, or for the address where no open session says who it is.

    Whether a token's session is open only the request itself finds out. If it is not, or was not looked up for a while,
    the address pays after all, and beforehand from then on: an old token is no means to slow its user.
    """

    def __init__(self, app: ASGIApp, per_second: float, burst: int) -> None:
        self._app = app
        self._buckets = Buckets(per_second, burst)
        # When each session was last found open; None if it is doubtful.
        self._found_open: dict[uuid.UUID, float | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        identity, address = claimed_identity(scope), origin_of(scope).address
        user_pays = identity and self._found_open.get(identity.session_id, 0) is not None
        if wait := self._buckets.take(identity.user_id if identity and user_pays else address):
            problem = refusals.TooManyRequests(retry_after=math.ceil(wait))
            await errors.respond(problem, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if identity and self._is_doubtful(identity.session_id, scope["state"].get("session_open")) and user_pays:
            self._buckets.give_back(identity.user_id)
            self._buckets.take(address)

    def _is_doubtful(self, session_id: uuid.UUID, found_open: bool | None) -> bool:
        """By what this request found out (None: it did not look). Who is no longer remembered is believed once more."""
        now, before = time.monotonic(), self._found_open.pop(session_id, None)
        if found_open:
            before = now
        elif found_open is False or (before is not None and now - before > BELIEVED_SECONDS):
            before = None
        self._found_open[session_id] = before
        if len(self._found_open) > MOST_SESSIONS:
            del self._found_open[next(iter(self._found_open))]
        return before is None


class Crowd:
    """503 for whoever comes while so many requests are under way. Behind the guard: bodies that drip are not.

    Those with a token of ours and those without are counted apart, so that a rush of logins turns no user away.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._under_way = {True: 0, False: 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        signed_in = claimed_identity(scope) is not None
        if self._under_way[signed_in] >= self._most:
            await errors.respond(refusals.Overloaded(retry_after=1), scope)(scope, receive, send)
            return
        self._under_way[signed_in] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way[signed_in] -= 1
