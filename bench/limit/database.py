"""Connections to PostgreSQL and Redis without anything that watches over them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg
from redis.asyncio import Redis

from api.main import make_tokens
from api.tokens import Tokens
from shared.settings import Settings


class Plain(asyncpg.Connection):  # type: ignore[misc]
    """Goes back into the pool as it is, without a question to the server."""

    def get_reset_query(self) -> str:
        return ""


class Parts(NamedTuple):
    """What it takes to answer."""

    pool: asyncpg.Pool
    redis: Redis
    tokens: Tokens
    most: int


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """As many connections as the service has for reading."""
    url, size = settings.postgres.url.get_secret_value().replace("+asyncpg", ""), settings.postgres.pool_size
    options = {"min_size": size, "max_size": size, "connection_class": Plain, "server_settings": {"jit": "off"}}
    redis = Redis.from_url(settings.redis.url.get_secret_value())
    async with redis, asyncpg.create_pool(url, **options) as pool:
        yield Parts(pool, redis, make_tokens(settings), settings.limits.favorites_per_user)
