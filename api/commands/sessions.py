"""Sessions: one row a login. Deleting the row kills its token at once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from api import errors, shapes
from api.answers import json_answer
from api.commands.deps import AccessTokens, PasswordHashes, WriteEngine
from api.guard import FORM, JSON, content_type
from api.identity import CurrentIdentity
from api.inputs import Body
from api.openapi import SIGNED_IN, WITH_BODY, body_as, problems
from api.tokens import Identity, Tokens
from shared.tables.truth import session, user_account

log = structlog.get_logger()
router = APIRouter(tags=["commands"])


class Credentials(Body):
    """Bounded, but not held against the rules for new accounts: those are no business of a wrong guess."""

    username: Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$", examples=["anna"])]
    password: Annotated[str, Field(max_length=1024, pattern=r"^[^\x00]*$", examples=["correct horse battery staple"])]


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


@router.post(
    "/login",
    response_model=shapes.Token,
    responses=problems(errors.InvalidCredentials, errors.HashingBusy, *WITH_BODY),
    openapi_extra=body_as(**{JSON: Credentials, FORM: CredentialsForm}),
)
async def login(
    credentials: Annotated[Credentials, Depends(sent_credentials)],
    engine: WriteEngine,
    passwords: PasswordHashes,
    tokens: AccessTokens,
) -> Response:
    """Open a session. Takes JSON, or the OAuth2 password form as the Authorize button sends it."""
    wanted = select(user_account.c.id, user_account.c.password_hash)
    async with engine.connect() as connection:
        rows = await connection.execute(wanted.where(user_account.c.username_folded == credentials.username.casefold()))
        user = rows.one_or_none()
    if user:
        structlog.contextvars.bind_contextvars(user_id=str(user.id))
    if not await passwords.verify(credentials.password, user.password_hash if user else None) or not user:
        log.info("login_refused")
        raise errors.InvalidCredentials
    identity = Identity(user.id, uuid.uuid4())
    opened = insert(session).values(id=identity.session_id, user_id=user.id, expires_at=expiry(tokens))
    async with engine.begin() as connection:
        await connection.execute(opened)
    log.info("session_opened")
    return token_answer(tokens, identity)


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


def expiry(tokens: Tokens) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=tokens.lifetime_seconds)


def token_answer(tokens: Tokens, identity: Identity) -> Response:
    body = {
        "access_token": tokens.issue(identity),
        "token_type": "bearer",
        "expires_in": tokens.lifetime_seconds,
    }
    return json_answer(body, store=False)
