"""Statements of what is asked all day: built with SQLAlchemy, compiled once, run by asyncpg itself.

Building and running one with SQLAlchemy takes several times as long as PostgreSQL takes to answer it.
"""

import asyncio
from typing import Any

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.ext.asyncio import AsyncEngine

DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]

# After these a connection may still be busy with what was asked: nobody else gets it.
UNFINISHED = (TimeoutError, asyncio.CancelledError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Record(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, as those of SQLAlchemy's rows are."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Prepared:
    """A statement in the words of asyncpg, which prepares it once on each connection."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=DIALECT)
        self.sql = str(compiled)
        self._names: list[str] = compiled.positiontup or []
        self._given = {name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required}

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """For the placeholders of `sql`; what the statement itself gives need not be among the values.

        Raises KeyError where one is missing.
        """
        given = self._given
        return [values[name] if name in values else given[name] for name in self._names]

    async def rows(self, connection: asyncpg.Connection, **values: Any) -> list[Any]:
        found: list[Any] = await connection.fetch(self.sql, *self.arguments(values), record_class=Record)
        return found

    async def row(self, connection: asyncpg.Connection, **values: Any) -> Any:
        """The first row, or None."""
        return await connection.fetchrow(self.sql, *self.arguments(values), record_class=Record)


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

    async def __aenter__(self) -> asyncpg.Connection:
        try:
            self._lent = await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # SQLAlchemy's word for what PostgreSQL said
            said = error.__cause__
            raise said if isinstance(said, asyncpg.PostgresError) else ConnectionResetError("not opened") from None
        self._connection = self._lent.driver_connection
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        connection: Any = self._connection
        closed = connection.is_closed()
        if isinstance(error, UNFINISHED) or (not closed and connection.is_in_transaction()):
            self._lent.invalidate()
        self._lent.close()
        if isinstance(error, asyncpg.InternalClientError) or (closed and isinstance(error, asyncpg.InterfaceError)):
            raise ConnectionResetError("the server closed this connection") from None
