"""The durable queue: who may fetch a film, for how long, and how a claim is given back.

`next_attempt_at` is the due time and the lease in one, `claim_seq` the fencing token: a film whose holder died is due
again when the lease ends, and an answer that comes later than that finds a higher number and is dropped.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.policy import Policy
from shared.tables.work import film_sync


class Claim(NamedTuple):
    """The right to fetch one film until the lease ends."""

    kinopoisk_id: int
    claim_seq: int
    attempts: int


_LEASE = """
    next_attempt_at = now() + CAST(:lease AS interval), claimed_at = now(),
    claim_seq = film_sync.claim_seq + 1, attempts = film_sync.attempts + 1
"""
_RETURNED = "RETURNING film_sync.kinopoisk_id, film_sync.claim_seq, film_sync.attempts"

CLAIM_DUE = text(f"""
    WITH due AS MATERIALIZED (
        SELECT kinopoisk_id FROM film_sync WHERE next_attempt_at <= now()
        ORDER BY priority, next_attempt_at LIMIT :count FOR UPDATE SKIP LOCKED
    )
    UPDATE film_sync SET {_LEASE} FROM due WHERE film_sync.kinopoisk_id = due.kinopoisk_id {_RETURNED}
""")

CLAIM_ONE = text(f"""
    UPDATE film_sync SET {_LEASE}
    WHERE kinopoisk_id = :kinopoisk_id AND next_attempt_at <= now() {_RETURNED}
""")

COUNT_DUE = text("SELECT count(*) FROM (SELECT FROM film_sync WHERE next_attempt_at <= now() LIMIT :most) AS due")


async def count_due(engine: AsyncEngine, most: int) -> int:
    """How many films are due now, at most `most`."""
    async with engine.connect() as connection:
        return int(await connection.scalar(COUNT_DUE, {"most": most}) or 0)


async def claim_due(engine: AsyncEngine, policy: Policy, count: int) -> list[Claim]:
    """Lease up to `count` due films, new ones first; a short transaction of its own."""
    async with engine.begin() as connection:
        rows = await connection.execute(CLAIM_DUE, {"lease": policy.lease, "count": count})
        return [Claim(*row) for row in rows]


async def want_and_claim(engine: AsyncEngine, policy: Policy, kinopoisk_id: int) -> Claim | None:
    """Lease this film, which nobody may have wanted before; None where it is not due: fetched or failed just now."""
    wanted = insert(film_sync).values(kinopoisk_id=kinopoisk_id).on_conflict_do_nothing()
    async with engine.begin() as connection:
        await connection.execute(wanted)
        rows = await connection.execute(CLAIM_ONE, {"lease": policy.lease, "kinopoisk_id": kinopoisk_id})
        row = rows.one_or_none()
        return Claim(*row) if row else None
