"""What a command may hold: the engine that writes, the wake-up, and a way to read back what it wrote.

Dependencies are coroutines: FastAPI would send each plain function through a thread.
"""

import uuid
from typing import Annotated, Protocol

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from api.passwords import Passwords
from api.tokens import Tokens
from shared.wakeup import Waker


class ReadItem(Protocol):
    """The query side's item, handed in by the composition root: commands themselves know no read tables."""

    async def __call__(self, user_id: uuid.UUID, kinopoisk_id: int) -> bytes | None: ...


async def _write_engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.state.write_engine
    return engine


async def _waker(request: Request) -> Waker:
    waker: Waker = request.state.waker
    return waker


async def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.state.passwords
    return passwords


async def _tokens(request: Request) -> Tokens:
    tokens: Tokens = request.state.tokens
    return tokens


async def _read_item(request: Request) -> ReadItem:
    read_item: ReadItem = request.state.read_item
    return read_item


async def _favourites_limit(request: Request) -> int:
    limit: int = request.state.favourites_limit
    return limit


WriteEngine = Annotated[AsyncEngine, Depends(_write_engine)]
WorkerWaker = Annotated[Waker, Depends(_waker)]
PasswordHashes = Annotated[Passwords, Depends(_passwords)]
AccessTokens = Annotated[Tokens, Depends(_tokens)]
ItemReader = Annotated[ReadItem, Depends(_read_item)]
FavouritesLimit = Annotated[int, Depends(_favourites_limit)]
