"""A pool of connections to PostgreSQL that also lends them as asyncpg has them, quickly.

To check one out of SQLAlchemy's pool and in again takes longer than a small query.
"""

import asyncio
from collections import deque
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

# After these a connection may still be busy with what was asked: nobody else gets it.
UNFINISHED = (TimeoutError, asyncio.CancelledError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class LendingPool(AsyncAdaptedQueuePool):
    """Keeps what was lent at hand for the next who borrows; of a fixed size, without overflow.

    Borrowers wait in a line of their own, so that only as many of them as there are connections come to SQLAlchemy's
    queue. Whoever waits in that queue found nothing at hand, and nothing is put there meanwhile: he gets it, and goes
    before those in line. So neither ever waits for what lies idle.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.at_hand: deque[PoolProxiedConnection] = deque()
        self.turns = asyncio.Semaphore(self.size())
        self.disposed = False
        self._in_line = 0
        self._in_queue = 0

    def connect(self) -> PoolProxiedConnection:
        if self.at_hand and not self.checkedin():
            self.at_hand.popleft().close()
        self._in_queue += 1
        try:
            return super().connect()
        finally:
            self._in_queue -= 1

    def dispose(self) -> None:
        self.disposed = True
        while self.at_hand:
            self.at_hand.popleft().close()
        super().dispose()

    def in_use(self) -> int:
        return self.checkedout() - len(self.at_hand)

    def waiting(self) -> int:
        return self._in_line + self._in_queue

    async def turn(self) -> None:
        """Does not give way where one is free."""
        self._in_line += 1
        try:
            await self.turns.acquire()
        finally:
            self._in_line -= 1

    def borrowed(self) -> PoolProxiedConnection | None:
        """One that is at hand and open: the one that has lain there longest, so that no firewall forgets it."""
        while self.at_hand:
            lent = self.at_hand.popleft()
            if not cast("Any", lent.driver_connection).is_closed():
                return lent
            lent.invalidate()
        return None

    def give_back(self, lent: PoolProxiedConnection, *, usable: bool) -> None:
        if self.disposed or not usable:
            lent.invalidate()
        elif self._in_queue:
            lent.close()
        else:
            self.at_hand.append(lent)


def lending_pool(engine: AsyncEngine) -> LendingPool:
    return cast("LendingPool", engine.pool)


def driver(engine: AsyncEngine) -> "Lent":
    """`async with driver(engine) as connection`: one of the engine's pool as asyncpg has it.

    Each statement is a transaction by itself. Raises ConnectionError where the connection breaks off, SQLAlchemy's
    TimeoutError where none is to be had in the pool's time-out, and what asyncpg raises.
    """
    return Lent(engine)


class Lent:
    """A connection until the end of the block. A class, because it is quicker than a generator."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> asyncpg.Connection:
        pool = self._pool = lending_pool(self._engine)
        if pool.at_hand and not pool.turns.locked():
            await self._take(pool)
        else:
            try:
                async with asyncio.timeout(pool.timeout()):
                    await self._take(pool)
            except TimeoutError:
                raise PoolTimeout("no connection was to be had") from None
        self._connection: Any = self._lent.driver_connection
        return self._connection

    async def _take(self, pool: LendingPool) -> None:
        await pool.turn()
        try:
            self._lent = pool.borrowed() or await self._checked_out()
        except BaseException:
            pool.turns.release()
            raise

    async def _checked_out(self) -> PoolProxiedConnection:
        try:
            return await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # SQLAlchemy's word for what PostgreSQL said
            said = error.__cause__
            raise said if isinstance(said, asyncpg.PostgresError) else ConnectionResetError("not opened") from None

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        closed = self._connection.is_closed()
        unfinished = closed or isinstance(error, UNFINISHED) or self._connection.is_in_transaction()
        try:
            self._pool.give_back(self._lent, usable=not unfinished)
        finally:
            self._pool.turns.release()
        if isinstance(error, asyncpg.InternalClientError) or (closed and isinstance(error, asyncpg.InterfaceError)):
            raise ConnectionResetError("the server closed this connection") from None
