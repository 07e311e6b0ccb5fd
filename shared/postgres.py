"""Connections to PostgreSQL: one engine that writes, one that PostgreSQL itself holds read-only. No tables here."""

import asyncio
import errno
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.lending import LendingPool

# The server ends what we forgot, before anything can pile up behind it.
SERVER_LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
}
# A statement over whole tables may take so long; a job of the worker ends after 50 s.
LONG_SECONDS = 30
# What the connections of an engine have to close in, all together.
FAREWELL_SECONDS = 1.0
# PostgreSQL's classes of errors that pass: connection, password (while it is being changed), resources, operator,
# cancelled statement, lock.
PASSING = ("08", "28", "53", "57", "58", "55P03", "40")
# What says nothing of a database, but of this machine: no space, no file left, a disk that fails.
OF_THIS_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EPIPE}


def write_engine(url: str, application: str, **pool: Any) -> AsyncEngine:
    """Engine for commands and enrichment: transactions with `async with engine.begin()`."""
    return _engine(url, {**SERVER_LIMITS, "application_name": application}, **pool)


def patient_engine(url: str, application: str, **pool: Any) -> AsyncEngine:
    """Engine for jobs that go through whole tables: few connections, and `LONG_SECONDS` for a statement."""
    limits = {**SERVER_LIMITS, "application_name": application, "statement_timeout": f"{LONG_SECONDS}s"}
    return _engine(url, limits, **{**pool, "pool_size": 2, "command_timeout": LONG_SECONDS})


def read_engine(url: str, application: str, **pool: Any) -> AsyncEngine:
    """Engine for queries: a write fails in PostgreSQL, and autocommit makes each statement one round trip."""
    limits = {**SERVER_LIMITS, "application_name": application, "default_transaction_read_only": "on"}
    return _engine(url, limits, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **pool)


def _engine(
    url: str,
    server_settings: dict[str, str],
    *,
    pool_size: int,
    pool_timeout: float,
    command_timeout: float,
    **options: Any,
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=LendingPool,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # an error in a log must not show what was sent
        pool_timeout=pool_timeout,
        connect_args={"server_settings": server_settings, "command_timeout": command_timeout, "timeout": pool_timeout},
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


async def close(*engines: AsyncEngine) -> None:
    """Close all connections; of a database that hangs a farewell is not waited for, connection by connection."""
    for engine in engines:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await engine.dispose()


def _refuse_closed(connection: DBAPIConnection, _record: Any, _proxy: Any) -> None:
    """After a restart of PostgreSQL asyncpg knows which connections are gone: replace them without a ping."""
    driver: Any = connection.driver_connection
    if driver.is_closed():
        raise InvalidatePoolError("the server closed this connection")


def is_away(error: BaseException) -> bool:
    """Whether the database is away or overloaded and will be back; any other error is ours."""
    if isinstance(error, OSError) and error.errno in OF_THIS_MACHINE:
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _passes(error.orig)
    return isinstance(error, PoolTimeout | OSError) or _passes(error)


def _passes(error: object) -> bool:
    return (getattr(error, "sqlstate", None) or "").startswith(PASSING)
