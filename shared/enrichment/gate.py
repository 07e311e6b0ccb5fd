"""Whether upstream may be asked at all: closed for every process after 402, 401, 403 and 429; survives a flush.

When the time is over one call passes as a probe. An answer opens the gate, another refusal closes it again.
"""

from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.kinopoisk.errors import KeyRefused, KinopoiskRefusal, QuotaExhausted, TooFast

log = structlog.get_logger()

CLOSE = text("""
    INSERT INTO upstream_gate AS gate (reason, closed_until)
    VALUES (:reason, now() + CAST(:pause AS interval))
    ON CONFLICT (reason) DO UPDATE SET closed_until = greatest(gate.closed_until, excluded.closed_until)
""")

CLOSED = text("""
    SELECT reason, greatest(extract(epoch FROM closed_until - now()), 0)::float8 FROM upstream_gate
    ORDER BY closed_until DESC LIMIT 1
""")

# Of all who come when the time is over one gets the probe: it holds the gate closed for the others meanwhile.
PROBE = text("""
    UPDATE upstream_gate SET closed_until = now() + CAST(:lease AS interval)
    WHERE closed_until <= now() AND NOT EXISTS (SELECT FROM upstream_gate WHERE closed_until > now())
    RETURNING reason
""")

OPEN = text("DELETE FROM upstream_gate")


class Closed(NamedTuple):
    """Why upstream must not be asked, and for how many seconds more."""

    code: str
    seconds: float


REASONS = {"quota": QuotaExhausted, "refused": KeyRefused, "too_fast": TooFast}


class Gate:
    """The gate; how long each refusal closes it and how long a probe may take, in seconds."""

    def __init__(self, engine: AsyncEngine, pauses: dict[str, float], probe_seconds: float) -> None:
        self._engine = engine
        self._pauses = pauses
        self._probe_lease = timedelta(seconds=probe_seconds)
        self._probing = False

    async def closed(self) -> Closed | None:
        """None if calls may pass. Where the time is over this takes the probe: make one call, and one only."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(CLOSED)).one_or_none()
            if row is None:
                self._probing = False  # a probe that failed here, and another process has opened since
                return None
            if row[1] == 0 and (await connection.execute(PROBE, {"lease": self._probe_lease})).first():
                self._probing = True
                return None
        return Closed(REASONS[row[0]].code, row[1] or self._probe_lease.total_seconds())

    @property
    def probing(self) -> bool:
        """Whether the next call is a probe."""
        return self._probing

    async def close(self, refusal: KinopoiskRefusal) -> timedelta:
        """Close after this refusal; how long films and people have to wait now."""
        self._probing = False
        reason = next(reason for reason, kind in REASONS.items() if isinstance(refusal, kind))
        pause = timedelta(seconds=self._pauses[reason])
        async with self._engine.begin() as connection:
            await connection.execute(CLOSE, {"reason": reason, "pause": pause})
        level = log.error if reason == "refused" else log.warning
        level("upstream_gate_closed", reason=reason, pause_seconds=self._pauses[reason])
        return pause

    async def answered(self) -> None:
        """Upstream gave a proper answer: if that was the probe, the gate is open."""
        if not self._probing:
            return
        self._probing = False
        async with self._engine.begin() as connection:
            await connection.execute(OPEN)
        log.info("upstream_gate_opened")
