"""Registering an account. Passwords are hashed before the transaction, so that it stays short."""

import uuid

import structlog
from fastapi import APIRouter, Response
from sqlalchemy.dialects.postgresql import insert

from api import errors, shapes
from api.answers import json_answer
from api.commands.deps import PasswordHashes, WriteEngine
from api.inputs import Body, NewPassword, Username
from api.openapi import WITH_BODY, problems
from shared.moments import json_moment
from shared.tables.truth import user_account

log = structlog.get_logger()
router = APIRouter(tags=["commands"])


class NewAccount(Body):
    username: Username
    password: NewPassword


@router.post(
    "/register",
    status_code=201,
    response_model=shapes.Account,
    responses=problems(errors.UsernameTaken, errors.HashingBusy, *WITH_BODY),
)
async def register(account: NewAccount, engine: WriteEngine, passwords: PasswordHashes) -> Response:
    """Create an account. Upper and lower case of the username count as the same."""
    password_hash = await passwords.hash(account.password)
    user_id = uuid.uuid4()
    row = {
        "id": user_id,
        "username": account.username,
        "username_folded": account.username.casefold(),
        "password_hash": password_hash,
    }
    create = insert(user_account).values(row).on_conflict_do_nothing().returning(user_account.c.created_at)
    async with engine.begin() as connection:
        created_at = await connection.scalar(create)
    if created_at is None:
        raise errors.UsernameTaken
    structlog.contextvars.bind_contextvars(user_id=str(user_id))
    log.info("account_registered")
    body = {"id": user_id, "username": account.username, "created_at": json_moment(created_at)}
    return json_answer(body, 201, store=False)
