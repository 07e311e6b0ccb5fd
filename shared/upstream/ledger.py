"""The ledger: one row a call, written before it is made. What is used, what is under way and who asked follow from it.

Reservations go one after the other under a lock, so that no two processes take the last call of the day. A process
that dies leaves a row of a call that may never have been made: counted is then more than was called, never less.
"""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.upstream import errors
from shared.upstream.errors import NotNow
from shared.upstream.gate import QUOTA, code_of
from shared.upstream.terms import Kind, Terms

LOCK = text("SELECT pg_advisory_xact_lock(7421, 1)")

# Two ways to count, and never less than upstream counts. What upstream last said, and what was not over by then; or,
# where it says nothing, all of a day and a bit, since a proven reset at the longest.
VALID = "budget.reported_at > now() - CAST(:report_lasts AS interval)"
LIMIT = f"CASE WHEN {VALID} THEN budget.reported_limit ELSE :daily_limit END"
USED = f"""
    CASE WHEN {LIMIT} < 0 THEN 0
    WHEN {VALID} THEN budget.reported_used + (
        SELECT count(*) FROM upstream_call WHERE at > budget.reported_at - CAST(:call_lasts AS interval)
            AND (ended_at IS NULL OR ended_at >= budget.reported_at))
    ELSE (SELECT count(*) FROM upstream_call
        WHERE at > greatest(now() - CAST(:window AS interval), budget.window_began_at))
    END
"""

STATE = text(f"""
    SELECT {LIMIT} AS daily_limit, {USED} AS used,
        (SELECT count(*) FROM upstream_call
            WHERE at > now() - CAST(:call_lasts AS interval) AND ended_at IS NULL) AS under_way,
        {VALID} IS TRUE AS reported,
        mine.calls AS by_user,
        extract(epoch FROM mine.oldest + CAST(:hour AS interval) - now())::float8 AS share_seconds,
        gate.reason,
        greatest(extract(epoch FROM gate.closed_until - now()), 0)::float8 AS closed_seconds
    FROM (SELECT) AS one LEFT JOIN upstream_budget AS budget ON true
    LEFT JOIN LATERAL (SELECT * FROM upstream_gate
        ORDER BY closed_until DESC, reason = 'quota' DESC LIMIT 1) AS gate ON true
    CROSS JOIN LATERAL (SELECT count(*) AS calls, min(at) AS oldest FROM upstream_call
        WHERE user_id = :user_id AND at > now() - CAST(:hour AS interval)) AS mine
""")

ENTER = text("""
    INSERT INTO upstream_call (kind, kinopoisk_id, user_id, probe)
    SELECT :kind, kinopoisk_id, :user_id, :probe FROM unnest(CAST(:films AS integer[])) AS kinopoisk_id
    RETURNING id, probe, kind
""")

ASKER = text("SELECT id FROM user_account WHERE id = :user_id FOR KEY SHARE")


class Call(NamedTuple):
    """The right to make one call, whether it is the probe at a closed gate, and its class."""

    id: int
    probe: bool
    kind: str


class State(NamedTuple):
    """What the ledger and the gate say at this moment."""

    daily_limit: int
    used: int
    under_way: int
    reported: bool
    by_user: int
    share_seconds: float | None
    reason: str | None
    closed_seconds: float | None

    @property
    def probe_is_due(self) -> bool:
        return self.reason is not None and self.closed_seconds == 0

    @property
    def count_is_doubtful(self) -> bool:
        """Upstream refused earlier than we counted, and tells no count of its own: only a probe can tell."""
        return self.probe_is_due and self.reason == QUOTA and not self.reported


async def asker(connection: AsyncConnection, user_id: uuid.UUID | None) -> uuid.UUID | None:
    """The user, who cannot be deleted until this transaction ends; None who has been.

    Ask before anything else is locked: a deletion under way is waited for, and it changes rows of films too.
    """
    return user_id and await connection.scalar(ASKER, {"user_id": user_id})


async def locked_state(connection: AsyncConnection, terms: Terms, user_id: uuid.UUID | None = None) -> State:
    """The state, which stays true until this transaction ends: nobody else reserves meanwhile."""
    await connection.execute(LOCK)
    return await read_state(connection, terms, user_id)


async def read_state(connection: AsyncConnection, terms: Terms, user_id: uuid.UUID | None = None) -> State:
    """As it is now."""
    values = {
        "daily_limit": terms.daily_limit,
        "window": terms.window,
        "report_lasts": terms.report_lasts,
        "hour": terms.hour,
        "call_lasts": terms.call_lasts,
        "user_id": user_id,
    }
    return State(*(await connection.execute(STATE, values)).one())


async def look(engine: AsyncEngine, terms: Terms, user_id: uuid.UUID | None = None) -> State:
    """The state for those who only want to know whether it is worth asking."""
    async with engine.connect() as connection:
        return await read_state(connection, terms, user_id)


def room(state: State, terms: Terms, kind: Kind) -> int:
    """How many calls of this kind may start now. Raises NotNow where none may until something changes.

    A call of an interactive kind finds a place of its own, which no other kind takes.
    """
    if state.reason and state.closed_seconds:
        raise NotNow(code_of(state.reason), state.closed_seconds)
    if state.by_user >= terms.calls_per_user_hour:
        raise NotNow(errors.SHARE_USED, state.share_seconds or 1)
    ceiling = terms.ceiling(kind, state.daily_limit)
    left = terms.calls_at_once if ceiling is None else ceiling - state.used
    if left <= 0 and not state.count_is_doubtful:
        raise NotNow(errors.QUOTA_EXHAUSTED, terms.reconcile_seconds)
    if state.probe_is_due:
        return 1
    places = terms.calls_at_once - (kind is not Kind.INTERACTIVE and terms.calls_at_once > 1)
    return max(min(left, places - state.under_way), 0)


async def enter(
    connection: AsyncConnection, kind: Kind, films: Sequence[int | None], user_id: uuid.UUID | None, *, probe: bool
) -> list[Call]:
    """Write these calls down, before the transaction that reserved them ends."""
    values = {"kind": kind, "films": list(films), "user_id": user_id, "probe": probe}
    return [Call(*row) for row in await connection.execute(ENTER, values)]
