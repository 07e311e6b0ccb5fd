"""The sections about the service itself, their defaults and their bounds."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shared.settings.values import Amount, Count, Seconds, Section

# What stands in keys that are meant to be replaced; the last three are those that the pages of jwt.io and FastAPI show.
EXAMPLE_MARKS = (
    *("example", "changeme", "change-me", "change_me", "change this", "django-insecure"),
    *("your-256-bit-secret", "string-secret-"),
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
)


def _strong(secret: SecretStr) -> SecretStr:
    """HS256 wants at least 32 bytes of key (RFC 7518, section 3.2); what is published or repeats itself is no key."""
    value = secret.get_secret_value()
    if len(value.encode()) < 32:
        raise ValueError("must be at least 32 bytes long")
    if any(mark in value.lower() for mark in EXAMPLE_MARKS) or len(set(value)) < 10 or _repeats(value):
        raise ValueError("is an example or too simple; make one with: openssl rand -base64 48")
    return secret


def _repeats(value: str) -> bool:
    """Whether it is one piece three times or more, the last of which may be cut off."""
    return any(value.startswith(value[length:]) for length in range(1, len(value) // 3 + 1))


def _asyncpg_url(secret: SecretStr) -> SecretStr:
    """Accept every usual spelling of a PostgreSQL address; the driver is always asyncpg."""
    scheme, separator, rest = secret.get_secret_value().partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+asyncpg"}:
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    address, mark, options = rest.partition("?")
    try:
        url = make_url(f"postgresql+asyncpg://{address}{mark}{options.replace('sslmode=', 'ssl=')}")
    except (ArgumentError, ValueError):
        raise ValueError("must look like postgresql://user:password@host:5432/database") from None
    if url.query.keys() - {"ssl"}:
        raise ValueError("only sslmode is understood after the question mark")
    return SecretStr(url.render_as_string(hide_password=False))


def _redis_url(secret: SecretStr) -> SecretStr:
    try:
        parse_url(secret.get_secret_value())
    except ValueError:
        raise ValueError("must look like redis://:password@host:6379/0") from None
    return secret


def _sentry_dsn(secret: SecretStr) -> SecretStr:
    """What the SDK would refuse with a traceback."""
    try:
        parts = urlsplit(secret.get_secret_value())
        usable = parts.scheme in {"http", "https"} and parts.username and parts.hostname and parts.port != 0
    except ValueError:  # a port or a host that is none
        usable = False
    if not usable or not re.fullmatch(r"(/[^/]+)*/[0-9]+/?", parts.path):
        raise ValueError("must look like https://key@sentry.example/1")
    return secret


# Exact, as browsers send it: no path, and no "*".
WebOrigin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
# "*." in front stands for all names below; an address in brackets is one of IPv6.
HostName = Annotated[str, Field(pattern=r"^((\*\.)?[a-z0-9.-]+|\[[0-9a-f:.]+\])$")]


class Api(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    drain_seconds: Count = 10
    allowed_hosts: tuple[HostName, ...] = ()
    cors_origins: tuple[WebOrigin, ...] = ()


class JwtKey(Section):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    secret: Annotated[SecretStr, AfterValidator(_strong)]


def _different(keys: tuple[JwtKey, ...]) -> tuple[JwtKey, ...]:
    """A token names its key by id."""
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two keys have the same id")
    return keys


class Auth(Section):
    jwt_keys: Annotated[tuple[JwtKey, ...], Field(min_length=1), AfterValidator(_different)]
    issuer: str = "kinoshelf"
    audience: str = "kinoshelf"
    token_lifetime_days: Annotated[float, Field(gt=0, le=366)] = 30
    argon2_memory_kib: Annotated[int, Field(ge=8)] = 19456
    argon2_rounds: Count = 2


class Postgres(Section):
    url: Annotated[SecretStr, AfterValidator(_asyncpg_url)]
    pool_size: Count = 8
    pool_timeout_seconds: Seconds = 3
    command_timeout_seconds: Seconds = 5


class Redis(Section):
    url: Annotated[SecretStr, AfterValidator(_redis_url)]
    timeout_seconds: Seconds = 0.3
    skip_seconds: Seconds = 3


class Limits(Section):
    favorites_per_user: Count = 5_000
    hidden_per_user: Count = 5_000
    sessions_per_user: Count = 100
    body_bytes: Count = 65_536
    url_bytes: Count = 8_192
    waiting_password_hashes: Count = 20
    upstream_calls_per_user_hour: Count = 40
    refreshes_per_user_hour: Count = 10
    refresh_again_seconds: Seconds = 3_600
    requests_per_second: Amount = 10
    request_burst: Count = 100
    concurrent_requests: Count = 200
    connections: Count = 1_000
    head_seconds: Seconds = 10
    body_seconds: Seconds = 15
    answer_seconds: Seconds = 30
    logins_per_address_minute: Count = 20
    login_tries: Count = 5
    login_wait_cap_seconds: Seconds = 900
    login_delay_seconds: Annotated[float, Field(ge=0, le=5)] = 1
    registrations_per_address_hour: Count = 5


class Worker(Section):
    heartbeat_file: Path | None = None


class Recommendations(Section):
    kept_seconds: Seconds = 600
    rebuild: bool = True
    rebuild_hour: Annotated[int, Field(ge=0, le=23)] = 3


class Logs(Section):
    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    reads: Annotated[float, Field(ge=0, le=1)] = 1


class Statsd(Section):
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 8125
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "kinoshelf"


class Sentry(Section):
    dsn: Annotated[SecretStr, AfterValidator(_sentry_dsn)] | None = None
    environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "production"
