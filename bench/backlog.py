"""A backlog of due films, put into PostgreSQL in bulk, and a day of calls in the ledger."""

from collections.abc import Sequence

import asyncpg

from shared.upstream.terms import Kind

# The films of some thirty people with long lists; refreshes of every demand.
FILL = {
    Kind.NEW: """
        INSERT INTO film_sync (kinopoisk_id, next_attempt_at, rank)
        SELECT number, now() - number * interval '0.1 s', number / 30 FROM generate_series(1, $1::int) AS number
    """,
    Kind.REFRESH: """
        INSERT INTO film_sync (kinopoisk_id, status, next_attempt_at, priority, demand, fetched_at)
        SELECT number, 'ready', now() - number * interval '0.1 s', 1, number % 8, now() - interval '30 days'
        FROM generate_series(1, $1::int) AS number
    """,
}
EMPTY = "TRUNCATE favourite, film_sync, upstream_call, upstream_gate, upstream_budget"
# Statistics come when we ask for them, and not in the middle of a measurement.
NO_AUTOVACUUM = "ALTER TABLE film_sync SET (autovacuum_enabled = false)"
KEEP = """
    DROP TABLE IF EXISTS kept;
    CREATE TABLE kept AS SELECT kinopoisk_id, next_attempt_at FROM film_sync;
    ALTER TABLE kept ADD PRIMARY KEY (kinopoisk_id)
"""
RESTORE = """
    UPDATE film_sync SET next_attempt_at = kept.next_attempt_at, claimed_at = NULL, claim_seq = 0, attempts = 0
    FROM kept WHERE film_sync.kinopoisk_id = kept.kinopoisk_id AND kept.kinopoisk_id = ANY($1::int[])
"""
USE = """
    INSERT INTO upstream_call (at, kind, kinopoisk_id, ended_at, outcome)
    SELECT at, 'new', 1, at, 'answered' FROM (
        SELECT now() - number * interval '2 minutes' AS at FROM generate_series(1, $1::int) AS number) AS earlier
"""
CLOSE_GATE = "INSERT INTO upstream_gate (reason, closed_until) VALUES ('quota', now() + interval '1 hour')"
OPEN_GATE = "DELETE FROM upstream_gate"
# Any change of any row changes one of these.
TRACE = "SELECT count(*), sum(claim_seq), sum(xmin::text::bigint) FROM film_sync"


class Backlog:
    """The tables, as often as they are needed anew."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def fill(self, kind: Kind, films: int, used: int, *, analyze: bool) -> None:
        await self._connection.execute(EMPTY)
        await self._connection.execute(NO_AUTOVACUUM)
        await self._connection.execute(FILL[kind], films)
        await self._connection.execute(USE, used)
        await self._connection.execute(KEEP)
        if analyze:
            await self._connection.execute("ANALYZE")

    async def restore(self, films: Sequence[int], calls: Sequence[int]) -> None:
        """As if they had not been claimed."""
        await self._connection.execute(RESTORE, films)
        await self._connection.execute("DELETE FROM upstream_call WHERE id = ANY($1::bigint[])", calls)

    async def close_gate(self) -> None:
        await self._connection.execute(CLOSE_GATE)

    async def open_gate(self) -> None:
        await self._connection.execute(OPEN_GATE)

    async def trace(self) -> tuple[object, ...]:
        return tuple(await self._connection.fetchrow(TRACE))
