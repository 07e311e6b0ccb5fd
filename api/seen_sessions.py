"""When each session was last used, to the hour: noted where tokens are checked, written down a moment later."""

import asyncio
import uuid

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger()

PAUSE_SECONDS = 1.0

# One that is being changed right now is left alone: it will be noted again.
WRITE = text("""
    UPDATE session SET last_seen = now() FROM (
        SELECT id FROM session WHERE id = ANY(CAST(:seen AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ) AS free WHERE session.id = free.id
""")


class SeenSessions:
    """`note()` never waits and never fails; what a dying process forgets is noted again with the next request."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._seen: set[uuid.UUID] = set()
        self._task: asyncio.Task[None] | None = None

    def note(self, session_id: uuid.UUID) -> None:
        """This session is in use, and was not for an hour."""
        self._seen.add(session_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        seen, self._seen = self._seen, set()
        try:
            async with self._engine.begin() as connection:
                await connection.execute(WRITE, {"seen": list(seen)})
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.warning("sessions_not_noted", error=type(error).__name__, sessions=len(seen))

    async def close(self) -> None:
        """Write what is left."""
        if self._task:
            await self._task
