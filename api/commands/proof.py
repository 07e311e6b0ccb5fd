"""Who holds a token and wants what a thief would want proves once more that it is the owner."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

import structlog
from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors
from api.addresses import origin_of
from api.commands.deps import CountedAttempts, PasswordHashes, WriteEngine
from api.identity import CurrentIdentity
from api.passwords import Passwords
from api.tokens import Identity
from shared.tables.truth import session, user_account

log = structlog.get_logger()


class Owner(NamedTuple):
    """Who has proved it, and against which hash."""

    username: str
    password_hash: str


async def owner(engine: AsyncEngine, passwords: Passwords, identity: Identity, password: str) -> Owner:
    """The owner, if this is the password. Raises WrongPassword, HashingBusy; Unauthorized for an ended session."""
    account = (
        select(user_account.c.username, user_account.c.password_hash)
        .join(session, session.c.user_id == user_account.c.id)
        .where(user_account.c.id == identity.user_id, session.c.id == identity.session_id)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(account)).one_or_none()
    if row is None:
        raise errors.Unauthorized
    if not await passwords.verify(password, row.password_hash):
        log.info("password_refused")
        raise errors.WrongPassword
    return Owner(row.username, row.password_hash)


async def proof(
    request: Request,
    identity: CurrentIdentity,
    engine: WriteEngine,
    passwords: PasswordHashes,
    attempts: CountedAttempts,
) -> Callable[[str], Awaitable[Owner]]:
    """`owner` of this request; who guesses with a stolen token is slowed as at login. Raises TooManyAttempts also."""

    async def prove(password: str) -> Owner:
        name = f"\x00{identity.user_id}"  # no username: tries to log in do not count here, nor these there
        async with attempts.log_in(name, origin_of(request.scope)):
            return await owner(engine, passwords, identity, password)

    return prove


OwnerProof = Annotated[Callable[[str], Awaitable[Owner]], Depends(proof)]
