"""The durable queue: which films are due, who may fetch one, for how long.

`next_attempt_at` is the due time and the lease in one, `claim_seq` the fencing token: a film whose holder died is due
again when the lease ends, and an answer that comes later than that finds a higher number and is dropped. A claim and
its place among the day's calls are taken in one transaction: without a place no row is touched.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.enrichment.policy import Policy
from shared.enrichment.upstream import Upstream
from shared.logs import request_id
from shared.tables.work import film_sync
from shared.upstream import gate, ledger
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind


class Claim(NamedTuple):
    """The right to fetch one film until the lease ends."""

    kinopoisk_id: int
    claim_seq: int
    attempts: int
    # Of the request that asked for it, if one did.
    request_id: str | None
    # When the wish came for a film that nobody had had.
    wished_at: datetime | None


# Fair between users: the film before which fewer of its requester's own films wait goes first.
WAITED_FOR = """
    SELECT kinopoisk_id FROM film_sync WHERE priority = 0 AND next_attempt_at <= now()
    ORDER BY rank, next_attempt_at LIMIT :count
"""

# What people have and look at goes first; what is dead comes last, and so never fills a run.
REFRESHES = """
    SELECT due.kinopoisk_id FROM generate_series(7, -1, -1) AS level CROSS JOIN LATERAL (
        SELECT kinopoisk_id FROM film_sync WHERE priority > 0 AND demand = level AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT :count
    ) AS due LIMIT :count
"""

LEASE = """
    UPDATE film_sync SET next_attempt_at = now() + CAST(:lease AS interval), claimed_at = now(),
        claim_seq = film_sync.claim_seq + 1, attempts = film_sync.attempts + 1
"""
CLAIMED = """
    RETURNING film_sync.kinopoisk_id, film_sync.claim_seq, film_sync.attempts, film_sync.request_id,
        CASE film_sync.status WHEN 'pending' THEN film_sync.requested_at END
"""


def _claim(due: str) -> str:
    """Lease the rows of this statement; one that somebody is changing at the moment waits for the next look."""
    return f"""
        WITH due AS ({due}), free AS MATERIALIZED (
            SELECT kinopoisk_id FROM film_sync WHERE kinopoisk_id IN (SELECT kinopoisk_id FROM due)
                AND next_attempt_at <= now() FOR NO KEY UPDATE SKIP LOCKED
        )
        {LEASE} FROM free WHERE film_sync.kinopoisk_id = free.kinopoisk_id {CLAIMED}
    """


CLAIM = {Kind.NEW: text(_claim(WAITED_FOR)), Kind.REFRESH: text(_claim(REFRESHES))}
CLAIM_ONE = text(_claim("SELECT CAST(:kinopoisk_id AS integer) AS kinopoisk_id"))
COUNT = {
    Kind.NEW: text(f"SELECT count(*) FROM ({WAITED_FOR}) AS due"),
    Kind.REFRESH: text(f"SELECT count(*) FROM ({REFRESHES}) AS due"),
}


async def count_due(engine: AsyncEngine, kind: Kind, most: int) -> int:
    """How many films are due for a call of this kind now, at most `most`."""
    async with engine.connect() as connection:
        return int(await connection.scalar(COUNT[kind], {"count": most}) or 0)


async def claim_due(upstream: Upstream, kind: Kind, count: int) -> list[tuple[Call, Claim]]:
    """Lease up to `count` due films, each with its place among the calls; a short transaction. Raises NotNow."""
    async with upstream.engine.begin() as connection:
        state = await ledger.locked_state(connection, upstream.terms)
        room = min(ledger.room(state, upstream.terms, kind), count)
        if not room:
            return []
        rows = await connection.execute(CLAIM[kind], {"lease": upstream.policy.lease, "count": room})
        claims = [Claim(*row) for row in rows]
        if claims and state.probe_is_due:
            await gate.take_probe(connection, upstream.terms)
        films = [claim.kinopoisk_id for claim in claims]
        calls = await ledger.enter(connection, kind, films, None, probe=state.probe_is_due)
        return list(zip(calls, claims, strict=True))


async def want_and_claim(
    connection: AsyncConnection, policy: Policy, kinopoisk_id: int, *, waited_for: bool = True
) -> Claim | None:
    """Lease this film, which nobody may have wanted before; None where it is not due: fetched or failed just now.

    One that nobody waits for comes after all others when it is tried again.
    """
    asked: dict[str, Any] = {"requested_at": func.now(), "request_id": request_id()}
    order = asked if waited_for else {"priority": 2, "demand": -1}
    await connection.execute(insert(film_sync).values(kinopoisk_id=kinopoisk_id, **order).on_conflict_do_nothing())
    rows = await connection.execute(CLAIM_ONE, {"lease": policy.lease, "kinopoisk_id": kinopoisk_id})
    row = rows.one_or_none()
    return Claim(*row) if row else None
