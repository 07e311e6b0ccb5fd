"""Whether upstream may be asked at all: closed for every process after refusals and faults; survives a flush.

When the time is over one call passes as a probe. An answer opens the gate; another refusal or fault closes it again,
for twice as long up to a cap.
"""

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.upstream import errors
from shared.upstream.terms import Terms

log = structlog.get_logger()

QUOTA, REFUSED, TOO_FAST, BROKEN = "quota", "refused", "too_fast", "broken"
CODES = {
    QUOTA: errors.QUOTA_EXHAUSTED,
    REFUSED: errors.KEY_REFUSED,
    TOO_FAST: errors.TOO_FAST,
    BROKEN: errors.UNAVAILABLE,
}

# Only a failed probe makes the pause longer: calls that were under way when the gate closed tell nothing new.
CLOSE = text("""
    INSERT INTO upstream_gate AS gate (reason, closed_until)
    VALUES (:reason, now() + make_interval(secs => :pause))
    ON CONFLICT (reason) DO UPDATE SET
        closings = gate.closings + :failed_probes,
        closed_until = greatest(CASE :failed_probes WHEN 0 THEN gate.closed_until END,
            now() + make_interval(secs => least(:cap, :pause * 2.0 ^ least(gate.closings + :failed_probes - 1, 20))))
    RETURNING extract(epoch FROM closed_until - now())::float8
""")

# Of all who come when the time is over one gets the probe: it holds the gate closed for the others meanwhile.
TAKE_PROBE = text("""
    UPDATE upstream_gate SET closed_until = now() + CAST(:call_lasts AS interval) WHERE closed_until <= now()
""")

# An answer after "quota used up" proves that a new day began after the latest refusal.
NEW_DAY = text("""
    INSERT INTO upstream_budget AS budget (window_began_at)
    SELECT max(at) FROM upstream_call WHERE outcome = :quota_exhausted
        AND EXISTS (SELECT FROM upstream_gate WHERE reason = 'quota') HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET window_began_at = excluded.window_began_at
""")

OPEN = text("DELETE FROM upstream_gate")

# The breaker: the last five calls failed, over more than one question, or half of the last twenty did. What was before
# the latest good probe is forgotten.
IS_BROKEN = text("""
    WITH recent AS (
        SELECT outcome = 'fault' AS failed, coalesce(kinopoisk_id, -id) AS question,
            row_number() OVER (ORDER BY ended_at DESC) AS place
        FROM upstream_call
        WHERE outcome IN ('answered', 'fault') AND at > now() - CAST(:hour AS interval)
            AND id > coalesce((SELECT max(id) FROM upstream_call
                WHERE probe AND outcome = 'answered' AND at > now() - CAST(:hour AS interval)), 0)
    )
    SELECT count(*) FILTER (WHERE failed AND place <= 20) >= 10
        OR count(*) FILTER (WHERE failed AND place <= 5) = 5
            AND count(DISTINCT question) FILTER (WHERE place <= 5) > 1
    FROM recent
""")


def code_of(reason: str) -> str:
    """What those who wait are told."""
    return CODES[reason]


def reason_of(code: str) -> str | None:
    """Why this outcome of a call closes the gate, if it does by itself."""
    return {code: reason for reason, code in CODES.items() if reason != BROKEN}.get(code)


async def close(connection: AsyncConnection, terms: Terms, reason: str, *, probe: bool = False) -> float:
    """Close for this reason; for how many seconds."""
    pause, cap = terms.pauses[reason]
    values = {"reason": reason, "pause": pause, "cap": cap, "failed_probes": int(probe)}
    seconds = float(await connection.scalar(CLOSE, values) or 0)
    level = log.error if reason == REFUSED else log.warning
    level("upstream_gate_closed", reason=reason, probe=probe, pause_seconds=round(seconds, 1))
    return seconds


async def is_broken(connection: AsyncConnection, terms: Terms) -> bool:
    """Whether so many of the latest calls failed that asking on would only make it worse."""
    return bool(await connection.scalar(IS_BROKEN, {"hour": terms.hour}))


async def take_probe(connection: AsyncConnection, terms: Terms) -> None:
    """Hold the gate closed for the others while the probe is under way."""
    await connection.execute(TAKE_PROBE, {"call_lasts": terms.call_lasts})


async def open_again(connection: AsyncConnection) -> None:
    """A probe was answered."""
    await connection.execute(NEW_DAY, {"quota_exhausted": errors.QUOTA_EXHAUSTED})
    await connection.execute(OPEN)
    log.info("upstream_gate_opened")
