"""Who asks: the token's session, looked up on every request and never cached, so that it can be ended at once."""

from typing import Annotated, Any, cast

import structlog
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Select, bindparam, func, select, text, true
from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import Unauthorized
from api.tokens import Identity, InvalidToken
from shared.prepared import Prepared, driver
from shared.tables.truth import session

OPEN_SESSION = (
    select((session.c.last_seen < func.now() - text("interval '1 hour'")).label("long_unseen"))
    .where(
        session.c.id == bindparam("session_id"),
        session.c.user_id == bindparam("user_id"),
        session.c.expires_at > func.now(),
    )
    .cte("open_session")
)
LOOK_UP = Prepared(select(OPEN_SESSION.c.long_unseen))


def with_session(query: Select[Any]) -> Prepared:
    """The query (by :user_id) and the look at the session in one round trip: for `Asker.rows`."""
    asked = query.lateral("asked")
    return Prepared(select(OPEN_SESSION.c.long_unseen, asked).select_from(OPEN_SESSION.outerjoin(asked, true())))


def claimed_identity(scope: Scope) -> Identity | None:
    """Whom the request's token speaks for, if its signature is ours; verified once. The session may have ended."""
    state = scope["state"]
    if "claimed" not in state:
        scheme, _, token = Headers(scope=scope).get("Authorization", "").partition(" ")
        try:
            state["claimed"] = state["tokens"].verify(token.strip()) if scheme.lower() == "bearer" else None
        except InvalidToken:
            state["claimed"] = None
    claimed: Identity | None = state["claimed"]
    return claimed


class Asker:
    """Who sends the request; the session behind the token is looked up together with what is asked for."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def rows(self, query: Prepared, **values: Any) -> list[Any]:
        """The rows of a query `with_session`; where it has none, one of nulls. Raises Unauthorized."""
        identity, state = claimed_identity(self._scope), self._scope["state"]
        if identity is None:
            raise Unauthorized
        user_id, session_id = identity
        state["session_open"] = True  # unless the lookup says no; where it fails nobody is to blame
        async with driver(state["read_engine"]) as connection:
            rows = await query.rows(connection, user_id=user_id, session_id=session_id, **values)
        if not rows:
            state["session_open"] = False
            raise Unauthorized
        if rows[0].long_unseen:
            state["seen_sessions"].note(session_id)
        structlog.contextvars.bind_contextvars(user_id=str(user_id))
        return rows

    async def identity(self) -> Identity:
        """The user and session of the request's token. Raises Unauthorized."""
        await self.rows(LOOK_UP)
        return cast("Identity", claimed_identity(self._scope))


class _Bearer(OAuth2PasswordBearer):
    """Tells /docs how to log in: its Authorize button does so with a form."""

    async def __call__(self, request: Request) -> Asker:  # type: ignore[override]
        return Asker(request.scope)


Asking = Annotated[Asker, Depends(_Bearer(tokenUrl="login", scheme_name="OAuth2PasswordBearer"))]


async def current_identity(asker: Asking) -> Identity:
    """The user and session of the request's token. Raises Unauthorized."""
    return await asker.identity()


async def optional_identity(request: Request, asker: Asking) -> Identity | None:
    """None for who sends no Authorization at all. Raises Unauthorized for a token that is not valid."""
    return await asker.identity() if "Authorization" in request.headers else None


CurrentIdentity = Annotated[Identity, Depends(current_identity)]
# Its routes take `openapi_extra=TOKEN_OPTIONAL` of api.openapi.
OptionalIdentity = Annotated[Identity | None, Depends(optional_identity)]
