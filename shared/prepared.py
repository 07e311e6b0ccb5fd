"""Statements of what is asked all day: built with SQLAlchemy, compiled once, run by asyncpg itself.

Building and running one with SQLAlchemy takes several times as long as PostgreSQL takes to answer it.
"""

from typing import Any

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import asyncpg as dialects

DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]


class Record(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, as those of SQLAlchemy's rows are."""

    __slots__ = ()

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
