"""Sessions: one row a login. Deleting the row kills its token at once."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, refusals, shapes
from api.addresses import origin_of
from api.answers import json_answer
from api.commands.deps import AccessTokens, CountedAttempts, PasswordHashes, SessionsLimit, WriteEngine
from api.guard import FORM, JSON, content_type
from api.identity import CurrentIdentity
from api.inputs import Body, GivenPassword, SessionId
from api.openapi import SIGNED_IN, WITH_BODY, body_as, problems
from api.tokens import Identity, Tokens
from shared.tables.truth import session, user_account

log = structlog.get_logger()
router = APIRouter(tags=["commands"])


class User(NamedTuple):
    """Who wants to log in."""

    id: uuid.UUID
    password_hash: str


class Credentials(Body):
    username: Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$", examples=["anna"])]
    password: GivenPassword


class CredentialsForm(Credentials):
    """The OAuth2 password form (RFC 6749, section 4.3.2) brings fields that we do not use."""

    model_config = ConfigDict(strict=True, extra="ignore")


async def sent_credentials(request: Request) -> Credentials:
    """From JSON or from the form. Raises RequestValidationError, MalformedRequest."""
    body = await request.body()
    try:
        if content_type(request.scope).partition(";")[0].strip().lower() != FORM:
            return Credentials.model_validate(orjson.loads(body or b"null"))
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
        return CredentialsForm.model_validate(dict(fields))
    except ValidationError as error:
        place = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(place) from None
    except ValueError:
        raise errors.MalformedRequest from None


SentCredentials = Annotated[Credentials, Depends(sent_credentials)]


async def counted(request: Request, credentials: SentCredentials, attempts: CountedAttempts) -> AsyncIterator[None]:
    """Around one attempt; ends before its answer is sent. Raises TooManyAttempts."""
    async with attempts.log_in(credentials.username.casefold(), origin_of(request.scope)):
        yield


@router.post(
    "/login",
    response_model=shapes.Token,
    responses=problems(errors.InvalidCredentials, refusals.TooManyAttempts, errors.HashingBusy, *WITH_BODY),
    openapi_extra=body_as(**{JSON: Credentials, FORM: CredentialsForm}),
    dependencies=[Depends(counted, scope="function")],
)
async def login(
    credentials: SentCredentials,
    engine: WriteEngine,
    passwords: PasswordHashes,
    tokens: AccessTokens,
    most: SessionsLimit,
) -> Response:
    """Open a session. Takes JSON, or the OAuth2 password form as the Authorize button sends it."""
    folded = credentials.username.casefold()
    while True:  # again only if the hash was changed while it was verified
        user = await known(engine, folded)
        if user:
            structlog.contextvars.bind_contextvars(user_id=str(user.id))
        if not await passwords.verify(credentials.password, user.password_hash if user else None) or not user:
            log.info("login_refused")
            raise errors.InvalidCredentials
        upgraded = await passwords.hash(credentials.password) if passwords.is_outdated(user.password_hash) else None
        if session_id := await open_session(engine, user, upgraded, expiry(tokens), most):
            return token_answer(tokens, Identity(user.id, session_id))


async def known(engine: AsyncEngine, folded: str) -> User | None:
    """Who has this name, after case folding."""
    wanted = select(user_account.c.id, user_account.c.password_hash)
    async with engine.connect() as connection:
        rows = await connection.execute(wanted.where(user_account.c.username_folded == folded))
        row = rows.one_or_none()
    return User(*row) if row else None


async def open_session(
    engine: AsyncEngine, user: User, upgraded: str | None, expires_at: datetime, most: int
) -> uuid.UUID | None:
    """The id of a new session; None if the hash that was verified is no longer the account's, or the account is gone.

    The lock lets a change of the password and a deletion come before or after, never between. Beyond
    `most` sessions those that were used longest ago are ended.
    """
    session_id = uuid.uuid4()
    me = user_account.c.id == user.id
    verified = select(user_account.c.id).where(me, user_account.c.password_hash == user.password_hash)
    opened = insert(session).values(id=session_id, user_id=user.id, expires_at=expires_at)
    others = select(session.c.id).where(session.c.user_id == user.id, session.c.id != session_id)
    too_many = others.order_by(session.c.last_seen.desc(), session.c.created_at.desc()).offset(most - 1)
    async with engine.begin() as connection:
        if await connection.scalar(verified.with_for_update(key_share=True)) is None:
            return None
        if upgraded:
            await connection.execute(update(user_account).where(me).values(password_hash=upgraded))
        await connection.execute(opened)
        ended = await connection.execute(delete(session).where(session.c.id.in_(too_many)))
    if upgraded:
        log.info("password_hash_upgraded")
    log.info("session_opened", others_ended=ended.rowcount)
    return session_id


@router.post("/token/renew", response_model=shapes.Token, responses=problems(errors.UnsupportedMediaType, *SIGNED_IN))
async def renew_token(identity: CurrentIdentity, engine: WriteEngine, tokens: AccessTokens) -> Response:
    """A fresh token for the same session: who calls now and then stays logged in."""
    mine = update(session).where(session.c.id == identity.session_id)
    longer = mine.values(expires_at=expiry(tokens), last_seen=func.now()).returning(session.c.id)
    async with engine.begin() as connection:
        if await connection.scalar(longer) is None:
            raise errors.Unauthorized
    return token_answer(tokens, identity)


@router.post(
    "/logout", status_code=204, response_class=Response, responses=problems(errors.UnsupportedMediaType, *SIGNED_IN)
)
async def logout(identity: CurrentIdentity, engine: WriteEngine) -> None:
    """End this session: its tokens are dead at once."""
    async with engine.begin() as connection:
        await connection.execute(delete(session).where(session.c.id == identity.session_id))
    log.info("session_closed")


@router.delete(
    "/profile/sessions/{session_id}",
    status_code=204,
    response_class=Response,
    responses=problems(errors.SessionNotFound, errors.InvalidRequest, *SIGNED_IN),
)
async def end_session(session_id: SessionId, identity: CurrentIdentity, engine: WriteEngine) -> None:
    """End one of your sessions: its tokens are dead at once."""
    mine = delete(session).where(session.c.id == session_id, session.c.user_id == identity.user_id)
    async with engine.begin() as connection:
        ended = await connection.execute(mine)
    if not ended.rowcount:
        raise errors.SessionNotFound
    log.info("session_ended", own=session_id == identity.session_id)


def expiry(tokens: Tokens) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=tokens.lifetime_seconds)


def token_answer(tokens: Tokens, identity: Identity) -> Response:
    body = {
        "access_token": tokens.issue(identity),
        "token_type": "bearer",
        "expires_in": tokens.lifetime_seconds,
    }
    return json_answer(body, store=False)
