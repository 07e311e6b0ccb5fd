"""Accounts: register, change the password, delete. Passwords are hashed before the transaction: it stays short."""

import uuid
from datetime import datetime

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, refusals, shapes
from api.addresses import origin_of
from api.answers import json_answer
from api.commands.deps import AccountListener, CountedAttempts, PasswordHashes, WriteEngine
from api.commands.one_at_a_time import nobody_else
from api.commands.proof import Owner, OwnerProof
from api.identity import CurrentIdentity
from api.inputs import Body, GivenPassword, NewPassword, Username
from api.openapi import SIGNED_IN, WITH_BODY, problems
from api.passwords import objection
from api.tokens import Identity
from shared.moments import json_moment
from shared.tables.truth import session, user_account

log = structlog.get_logger()
router = APIRouter(tags=["commands"])

# The films are still fetched: others may have them. All else that belongs to the user goes by the foreign keys, but not
# this: they would lock films in any order, and whoever locks several at once does it in the order of their ids.
FORGET_WISHES = text("""
    WITH mine AS MATERIALIZED (
        SELECT kinopoisk_id FROM film_sync WHERE requested_by = :user_id OR refresh_asked_by = :user_id
        ORDER BY kinopoisk_id FOR NO KEY UPDATE
    )
    UPDATE film_sync SET requested_by = nullif(requested_by, :user_id),
        request_id = CASE WHEN requested_by = :user_id THEN NULL ELSE request_id END,
        refresh_asked_by = nullif(refresh_asked_by, :user_id)
    FROM mine WHERE film_sync.kinopoisk_id = mine.kinopoisk_id
""")


class NewAccount(Body):
    username: Username
    password: NewPassword


class ChangedPassword(Body):
    current_password: GivenPassword
    new_password: NewPassword


class Deletion(Body):
    password: GivenPassword


@router.post(
    "/register",
    status_code=201,
    response_model=shapes.Account,
    responses=problems(errors.UsernameTaken, refusals.TooManyAttempts, errors.HashingBusy, *WITH_BODY),
)
async def register(
    account: NewAccount, request: Request, engine: WriteEngine, passwords: PasswordHashes, attempts: CountedAttempts
) -> Response:
    """Create an account. Upper and lower case of the username count as the same."""
    check_password("password", account.password, account.username)
    user_id = uuid.uuid4()
    async with attempts.register(origin_of(request.scope)):
        created_at = await create_account(engine, user_id, account.username, await passwords.hash(account.password))
    structlog.contextvars.bind_contextvars(user_id=str(user_id))
    log.info("account_registered")
    body = {"id": user_id, "username": account.username, "created_at": json_moment(created_at)}
    return json_answer(body, 201, store=False)


async def create_account(engine: AsyncEngine, user_id: uuid.UUID, username: str, password_hash: str) -> datetime:
    """When it was created. Raises UsernameTaken."""
    row = {"id": user_id, "username": username, "username_folded": username.casefold(), "password_hash": password_hash}
    create = insert(user_account).values(row).on_conflict_do_nothing().returning(user_account.c.created_at)
    async with engine.begin() as connection:
        created_at: datetime | None = await connection.scalar(create)
    if created_at is None:
        raise errors.UsernameTaken
    return created_at


@router.post(
    "/profile/password",
    status_code=204,
    response_class=Response,
    responses=problems(errors.WrongPassword, refusals.TooManyAttempts, errors.HashingBusy, *SIGNED_IN, *WITH_BODY),
)
async def change_password(
    change: ChangedPassword,
    prove: OwnerProof,
    identity: CurrentIdentity,
    engine: WriteEngine,
    passwords: PasswordHashes,
) -> None:
    """Set another password. All other sessions are ended at once, this one goes on."""
    changed = False
    while not changed:  # again only if the hash was changed while it was verified
        proven = await prove(change.current_password)
        check_password("new_password", change.new_password, proven.username)
        changed = await store_password(engine, identity, proven, await passwords.hash(change.new_password))


async def store_password(engine: AsyncEngine, identity: Identity, proven: Owner, password_hash: str) -> bool:
    """And end all other sessions. Nothing happens where the hash is no longer the one that was proved: False."""
    stored = update(user_account).where(user_account.c.id == identity.user_id).values(password_hash=password_hash)
    others = delete(session).where(session.c.user_id == identity.user_id, session.c.id != identity.session_id)
    async with engine.begin() as connection:
        if not await nobody_else(connection, identity, proven.password_hash):
            return False
        await connection.execute(stored)
        ended = await connection.execute(others)
    log.info("password_changed", sessions_ended=ended.rowcount)
    return True


@router.delete(
    "/profile",
    status_code=204,
    response_class=Response,
    responses=problems(errors.WrongPassword, refusals.TooManyAttempts, errors.HashingBusy, *SIGNED_IN, *WITH_BODY),
)
async def delete_account(
    deletion: Deletion, prove: OwnerProof, identity: CurrentIdentity, engine: WriteEngine, listener: AccountListener
) -> None:
    """Delete the account and all that belongs to it, for good. Its tokens are dead at once."""
    while not await erase(engine, identity, await prove(deletion.password)):
        pass  # the hash was changed while it was verified
    listener.forget(identity.user_id)
    log.info("account_deleted")


async def erase(engine: AsyncEngine, identity: Identity, proven: Owner) -> bool:
    """All of the account. Nothing happens where the hash is no longer the one that was proved: False."""
    async with engine.begin() as connection:
        if not await nobody_else(connection, identity, proven.password_hash):
            return False
        await connection.execute(FORGET_WISHES, {"user_id": identity.user_id})
        await connection.execute(delete(user_account).where(user_account.c.id == identity.user_id))
    return True


def check_password(field: str, password: str, username: str) -> None:
    """Raises InvalidRequest for a password that this user may not choose."""
    if against := objection(password, username):
        place = {"location": f"body.{field}", "code": "value-error", "message": against}
        raise errors.InvalidRequest(errors=[place])
