"""Who asks: the token's session, looked up on every request and never cached, so that it can be ended at once."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import func, select, text
from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import Unauthorized
from api.tokens import Identity, InvalidToken
from shared.tables.truth import session

# Only for /docs: its Authorize button logs in with this form. The token itself is read below.
AUTHORIZE_BUTTON = OAuth2PasswordBearer(tokenUrl="login", auto_error=False)


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


async def current_identity(request: Request, _: Annotated[str | None, Depends(AUTHORIZE_BUTTON)]) -> Identity:
    """The user and session of the request's token. Raises Unauthorized."""
    identity = claimed_identity(request.scope)
    if identity is None:
        raise Unauthorized
    request.state.session_open = True  # unless the lookup says no; where it fails nobody is to blame
    long_unseen = session.c.last_seen < func.now() - text("interval '1 hour'")
    alive = select(long_unseen).where(
        session.c.id == identity.session_id,
        session.c.user_id == identity.user_id,
        session.c.expires_at > func.now(),
    )
    async with request.state.read_engine.connect() as connection:
        unseen = await connection.scalar(alive)
    if unseen is None:
        request.state.session_open = False
        raise Unauthorized
    if unseen:
        request.state.seen_sessions.note(identity.session_id)
    structlog.contextvars.bind_contextvars(user_id=str(identity.user_id))
    return identity


async def optional_identity(
    request: Request, button: Annotated[str | None, Depends(AUTHORIZE_BUTTON)]
) -> Identity | None:
    """None for who sends no Authorization at all. Raises Unauthorized for a token that is not valid."""
    return await current_identity(request, button) if "Authorization" in request.headers else None


CurrentIdentity = Annotated[Identity, Depends(current_identity)]
# Its routes take `openapi_extra=TOKEN_OPTIONAL` of api.openapi.
OptionalIdentity = Annotated[Identity | None, Depends(optional_identity)]
