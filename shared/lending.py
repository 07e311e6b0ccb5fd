"""A pool of connections to PostgreSQL that also lends them as asyncpg has them, quickly.

To check one out of SQLAlchemy's pool and in again takes longer than a small query.
"""

import asyncio
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

# After these a connection may still be busy with what was asked: nobody else gets it.
UNFINISHED = (TimeoutError, asyncio.CancelledError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class LendingPool(AsyncAdaptedQueuePool):
    """Keeps what was lent at hand for the next one; whoever comes to the pool itself gets it, too.

    It knows how many connections are in use, and how many tasks wait for one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.at_hand: list[PoolProxiedConnection] = []
        # A place in a line of its own costs less than one in the pool's.
        self._turns = asyncio.Semaphore(self.size())
        self._in_line = self.asked_for = 0

    def connect(self) -> PoolProxiedConnection:
        if self.at_hand and not self.checkedin():
            self.at_hand.pop().close()
        self.asked_for += 1
        try:
            return super().connect()
        finally:
            self.asked_for -= 1

    def in_use(self) -> int:
        return self.checkedout() - len(self.at_hand)

    def waiting(self) -> int:
        return self.asked_for + self._in_line

    def let_go(self) -> None:
        """What is at hand is the pool's again."""
        while self.at_hand:
            self.at_hand.pop().close()

    async def take_turn(self) -> None:
        """As many as there are connections have one. Raises SQLAlchemy's TimeoutError."""
        if not self._turns.locked():
            await self._turns.acquire()
            return
        self._in_line += 1
        try:
            async with asyncio.timeout(self.timeout()):
                await self._turns.acquire()
        except TimeoutError:
            raise PoolTimeout("no connection became free") from None
        finally:
            self._in_line -= 1

    def end_turn(self) -> None:
        self._turns.release()


def lending_pool(engine: AsyncEngine) -> LendingPool:
    return cast("LendingPool", engine.pool)


def driver(engine: AsyncEngine) -> "Lent":
    """`async with driver(engine) as connection`: one of the engine's pool as asyncpg has it.

    Each statement is a transaction by itself. Raises ConnectionError where the connection breaks off, besides what the
    pool and asyncpg raise.
    """
    return Lent(engine)


class Lent:
    """A connection until the end of the block. A class, because it is quicker than a generator."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._pool = lending_pool(engine)

    async def __aenter__(self) -> asyncpg.Connection:
        await self._pool.take_turn()
        try:
            self._lent = self._at_hand() or await self._checked_out()
        except BaseException:
            self._pool.end_turn()
            raise
        self._connection: Any = self._lent.driver_connection
        return self._connection

    def _at_hand(self) -> PoolProxiedConnection | None:
        while self._pool.at_hand:
            lent = self._pool.at_hand.pop()
            if not cast("Any", lent.driver_connection).is_closed():
                return lent
            lent.invalidate()
        return None

    async def _checked_out(self) -> PoolProxiedConnection:
        try:
            return await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # SQLAlchemy's word for what PostgreSQL said
            said = error.__cause__
            raise said if isinstance(said, asyncpg.PostgresError) else ConnectionResetError("not opened") from None

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        closed = self._connection.is_closed()
        if closed or isinstance(error, UNFINISHED) or self._connection.is_in_transaction():
            self._lent.invalidate()
        elif self._pool.asked_for:
            self._lent.close()
        else:
            self._pool.at_hand.append(self._lent)
        self._pool.end_turn()
        if isinstance(error, asyncpg.InternalClientError) or (closed and isinstance(error, asyncpg.InterfaceError)):
            raise ConnectionResetError("the server closed this connection") from None
