"""What a command may hold: the engine that writes, whom to tell after the commit, a way to read back what it wrote."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Protocol

from asyncpg import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from api.attempts import Attempts
from api.held import held
from api.passwords import Passwords
from api.tokens import Tokens
from shared.wakeup import Waker


class ReadItem(Protocol):
    """The query side's item, handed in by the composition root: commands themselves know no read tables."""

    async def __call__(self, connection: Connection, user_id: uuid.UUID, kinopoisk_id: int) -> bytes | None: ...


class Choices(Protocol):
    """Takes note of which recommendations were chosen (shared.impressions); commands themselves know no Redis."""

    def chosen(self, user_id: uuid.UUID, kinopoisk_id: int) -> None: ...


class Forgetful(Protocol):
    """Hears of a deleted account once it is committed (shared.impressions): nobody waits for it, it does not fail."""

    def forget(self, user_id: uuid.UUID) -> None: ...


@dataclass(frozen=True)
class Adding:
    """What it takes to add a favourite; `waker` and `choices` hear of it once it is committed, and do not fail."""

    engine: AsyncEngine
    most: int
    waker: Waker
    choices: Choices
    read_item: ReadItem


WriteEngine = Annotated[AsyncEngine, held("write_engine")]
WorkerWaker = Annotated[Waker, held("waker")]
AddingFavourites = Annotated[Adding, held("adding")]
AccountListener = Annotated[Forgetful, held("impressions")]
PasswordHashes = Annotated[Passwords, held("passwords")]
CountedAttempts = Annotated[Attempts, held("attempts")]
AccessTokens = Annotated[Tokens, held("tokens")]
HiddenLimit = Annotated[int, held("hidden_limit")]
SessionsLimit = Annotated[int, held("sessions_limit")]
