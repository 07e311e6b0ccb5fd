"""Who asks: the token's session, looked up on every request and never cached, so that it can be ended at once."""

from typing import Annotated, Any

import structlog
from asyncpg import Connection
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Select, bindparam, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Scope

from api.errors import Unauthorized
from api.tokens import Identity, InvalidToken
from shared.lending import Lent, driver
from shared.prepared import Prepared
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
        sent = (str(value, "latin-1") for name, value in scope["headers"] if name == b"authorization")
        scheme, _, token = next(sent, "").partition(" ")
        try:
            state["claimed"] = state["tokens"].verify(token.strip()) if scheme.lower() == "bearer" else None
        except InvalidToken:
            state["claimed"] = None
    claimed: Identity | None = state["claimed"]
    return claimed


class Asker:
    """Who sends the request; the session behind the token is looked up together with what is asked for.

    Raises Unauthorized where there is no token of ours.
    """

    def __init__(self, scope: Scope) -> None:
        claimed = claimed_identity(scope)
        if claimed is None:
            raise Unauthorized
        # The session may have ended, as only `rows` can tell.
        self.claimed = claimed
        self.scope = scope
        self._state = scope["state"]

    async def rows(self, query: Prepared, engine: AsyncEngine | None = None, **values: Any) -> list[Any]:
        """The rows of a query `with_session`; where it has none, one of nulls. Raises Unauthorized."""
        async with self.connection(engine or self._state["read_engine"]) as connection:
            return await self.rows_on(connection, query, **values)

    def connection(self, engine: AsyncEngine) -> Lent:
        """`async with`: one to look the session up on."""
        self._state["session_open"] = True  # unless the lookup says no; where it fails nobody is to blame
        return driver(engine)

    async def rows_on(self, connection: Connection, query: Prepared, **values: Any) -> list[Any]:
        """The same on a `connection`, so that it can be part of a transaction."""
        state, (user_id, session_id) = self._state, self.claimed
        structlog.contextvars.bind_contextvars(user_id=str(user_id))
        rows = await query.rows(connection, user_id=user_id, session_id=session_id, **values)
        if not rows:
            structlog.contextvars.unbind_contextvars("user_id")
            state["session_open"] = False
            raise Unauthorized
        if rows[0]["long_unseen"]:
            state["seen_sessions"].note(session_id)
        return rows

    async def identity(self) -> Identity:
        """The user and session of the request's token. Raises Unauthorized."""
        await self.rows(LOOK_UP)
        return self.claimed


class Bearer(OAuth2PasswordBearer):
    """Tells /docs how to log in: its Authorize button does so with a form. Without `auto_error` a token may miss."""

    async def __call__(self, request: Request) -> Asker | None:  # type: ignore[override]
        """None for who sends no Authorization at all, and may. Raises Unauthorized."""
        return Asker(request.scope) if self.auto_error or "Authorization" in request.headers else None


def _bearer(*, required: bool) -> Bearer:
    return Bearer(tokenUrl="login", scheme_name="OAuth2PasswordBearer", auto_error=required)


OPTIONAL = _bearer(required=False)
Asking = Annotated[Asker, Depends(_bearer(required=True))]


async def current_identity(asker: Asking) -> Identity:
    """The user and session of the request's token. Raises Unauthorized."""
    return await asker.identity()


async def optional_identity(asker: Annotated[Asker | None, Depends(OPTIONAL)]) -> Identity | None:
    """None for who sends no Authorization at all. Raises Unauthorized for a token that is not valid."""
    return await asker.identity() if asker else None


CurrentIdentity = Annotated[Identity, Depends(current_identity)]
# Its routes take `openapi_extra=TOKEN_OPTIONAL` of api.openapi.
OptionalIdentity = Annotated[Identity | None, Depends(optional_identity)]
