"""The durable queue: which films are due, who may fetch one, for how long.

`next_attempt_at` is the due time and the lease in one, `claim_seq` the fencing token: a film whose holder died is due
again when the lease ends, and an answer that comes later than that finds a higher number and is dropped. A claim and
its place among the day's calls are taken in one transaction: without a place no row is touched.

A lease that ran out has a holder that died, perhaps of this very film. So the film is a suspect from then on until
upstream's answer has been stored: only a worker fetches it, and beside it nothing else. The lease that was lost in
company costs no attempt, since any of the company may have been the cause; those that were lost alone do, and after
`max_attempts` lost in a row the film rests. One lost lease is enough for suspicion: all of a company are due again at
the same moment, and together they would die together again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import TextClause, func, text
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
    # In a row, up to this claim.
    lost_leases: int
    # Of the request that asked for it, if one did.
    request_id: str | None
    # When the wish came for a film that nobody had had.
    wished_at: datetime | None


class Due(NamedTuple):
    """How many of the films that come first are due, and how many of them are suspects."""

    films: int
    suspects: int


# Of a film that is due: nobody came to the end of its latest lease, or of an earlier one since the last answer.
SUSPECT = "(claimed_at IS NOT NULL OR lost_leases > 0)"

# Fair between users: the film before which fewer of its requester's own films wait goes first.
WAITED_FOR = f"""
    SELECT kinopoisk_id, {SUSPECT} AS is_suspect FROM film_sync WHERE priority = 0 AND next_attempt_at <= now()
    ORDER BY rank, next_attempt_at LIMIT :count
"""

# What people have and look at goes first; what is dead comes last, and so never fills a run.
REFRESHES = f"""
    SELECT due.* FROM generate_series(7, -1, -1) AS level CROSS JOIN LATERAL (
        SELECT kinopoisk_id, {SUSPECT} AS is_suspect FROM film_sync
        WHERE priority > 0 AND demand = level AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT :count
    ) AS due LIMIT :count
"""

DUE = {Kind.NEW: WAITED_FOR, Kind.REFRESH: REFRESHES}

LEASE = """
    UPDATE film_sync SET next_attempt_at = now() + CAST(:lease AS interval), claimed_at = now(),
        claim_seq = film_sync.claim_seq + 1,
        attempts = film_sync.attempts + CASE WHEN claimed_at IS NOT NULL AND lost_leases = 0 THEN 0 ELSE 1 END,
        lost_leases = film_sync.lost_leases + CASE WHEN claimed_at IS NULL THEN 0 ELSE 1 END
"""
CLAIMED = """
    RETURNING film_sync.kinopoisk_id, film_sync.claim_seq, film_sync.attempts, film_sync.lost_leases,
        film_sync.request_id, CASE film_sync.status WHEN 'pending' THEN film_sync.requested_at END
"""


def _claim(due: str, which: str) -> str:
    """Lease the rows of this statement; one that somebody is changing at the moment waits for the next look."""
    return f"""
        WITH due AS ({due}), free AS MATERIALIZED (
            SELECT kinopoisk_id FROM film_sync WHERE kinopoisk_id IN (SELECT kinopoisk_id FROM due)
                AND next_attempt_at <= now() AND {which} FOR NO KEY UPDATE SKIP LOCKED
        )
        {LEASE} FROM free WHERE film_sync.kinopoisk_id = free.kinopoisk_id {CLAIMED}
    """


CLAIM = {kind: text(_claim(due, f"NOT {SUSPECT}")) for kind, due in DUE.items()}
CLAIM_SUSPECT = {kind: text(_claim(due, f"{SUSPECT} LIMIT 1")) for kind, due in DUE.items()}
CLAIM_ONE = text(_claim("SELECT CAST(:kinopoisk_id AS integer) AS kinopoisk_id", f"NOT {SUSPECT}"))
COUNT = {
    kind: text(f"SELECT count(*), count(*) FILTER (WHERE is_suspect) FROM ({due}) AS due") for kind, due in DUE.items()
}


async def find_due(engine: AsyncEngine, kind: Kind, most: int) -> Due:
    """What is due for calls of this kind now, of the first `most`."""
    async with engine.connect() as connection:
        return Due(*(await connection.execute(COUNT[kind], {"count": most})).one())


async def claim_due(upstream: Upstream, kind: Kind, count: int) -> list[tuple[Call, Claim]]:
    """Lease up to `count` due films, no suspects, each with its place among the calls. Raises NotNow."""
    return await _claimed(upstream, kind, CLAIM[kind], lambda room: min(room, count))


async def claim_suspect(upstream: Upstream, kind: Kind, among: int) -> list[tuple[Call, Claim]]:
    """Lease one suspect, if there is one among so many films that come first. Raises NotNow."""
    return await _claimed(upstream, kind, CLAIM_SUSPECT[kind], lambda _: among)


async def _claimed(
    upstream: Upstream, kind: Kind, claim: TextClause, among: Callable[[int], int]
) -> list[tuple[Call, Claim]]:
    """A short transaction; `among` says of how many films, by the room that there is."""
    async with upstream.engine.begin() as connection:
        state = await ledger.locked_state(connection, upstream.terms)
        room = ledger.room(state, upstream.terms, kind)
        if not room:
            return []
        values = {"lease": upstream.policy.lease, "count": among(room)}
        claims = [Claim(*row) for row in await connection.execute(claim, values)]
        if claims and state.probe_is_due:
            await gate.take_probe(connection, upstream.terms)
        films = [claim.kinopoisk_id for claim in claims]
        calls = await ledger.enter(connection, kind, films, None, probe=state.probe_is_due)
        return list(zip(calls, claims, strict=True))


async def want_and_claim(
    connection: AsyncConnection, policy: Policy, kinopoisk_id: int, *, waited_for: bool = True
) -> Claim | None:
    """Lease this film, which nobody may have wanted before; None where it is not due (fetched or failed just now) or a
    suspect, which is left to the worker.

    One that nobody waits for comes after all others when it is tried again.
    """
    asked: dict[str, Any] = {"requested_at": func.now(), "request_id": request_id()}
    order = asked if waited_for else {"priority": 2, "demand": -1}
    await connection.execute(insert(film_sync).values(kinopoisk_id=kinopoisk_id, **order).on_conflict_do_nothing())
    rows = await connection.execute(CLAIM_ONE, {"lease": policy.lease, "kinopoisk_id": kinopoisk_id})
    row = rows.one_or_none()
    return Claim(*row) if row else None
