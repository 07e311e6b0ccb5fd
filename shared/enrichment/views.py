"""Looks at films, counted in the process and written down now and then: they say which refresh is worth a call."""

import asyncio
from collections import Counter

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger()

# Ordered, so that two processes never wait for each other; a film being changed right now loses its looks.
WRITE = text("""
    WITH seen AS (
        SELECT * FROM unnest(CAST(:films AS integer[]), CAST(:counts AS float8[])) AS seen (kinopoisk_id, looks)
    ), free AS MATERIALIZED (
        SELECT kinopoisk_id FROM film_sync JOIN seen USING (kinopoisk_id)
        ORDER BY kinopoisk_id FOR NO KEY UPDATE OF film_sync SKIP LOCKED
    )
    UPDATE film_sync SET views = views + looks FROM seen JOIN free USING (kinopoisk_id)
    WHERE film_sync.kinopoisk_id = seen.kinopoisk_id
""")


class Views:
    """`note()` costs nothing; a process that dies loses the last looks, and nothing depends on them."""

    def __init__(self, engine: AsyncEngine, every_seconds: float) -> None:
        self._engine = engine
        self._every = every_seconds
        self._seen: Counter[int] = Counter()
        self._task: asyncio.Task[None] | None = None

    def note(self, kinopoisk_id: int) -> None:
        """Somebody looked at this film."""
        self._seen[kinopoisk_id] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        await asyncio.sleep(self._every)
        await self._write()

    async def _write(self) -> None:
        seen, self._seen = self._seen, Counter()
        if not seen:
            return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(WRITE, {"films": list(seen), "counts": [float(n) for n in seen.values()]})
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.warning("views_not_written", error=type(error).__name__, films=len(seen))
        else:
            log.debug("views_written", films=len(seen))

    async def close(self) -> None:
        """Write what is left."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()
