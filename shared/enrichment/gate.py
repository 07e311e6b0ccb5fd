"""Whether upstream may be asked at all: closed for every process after 402, 401, 403 and 429; survives a flush."""

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
    SELECT reason, extract(epoch FROM closed_until - now())::float8 FROM upstream_gate
    WHERE closed_until > now() ORDER BY closed_until DESC LIMIT 1
""")


class Closed(NamedTuple):
    """Why upstream must not be asked, and for how many seconds more."""

    code: str
    seconds: float


_CODES = {"quota": QuotaExhausted.code, "refused": KeyRefused.code, "too_fast": TooFast.code}


class Gate:
    """The gate and how long each refusal closes it, in seconds."""

    def __init__(self, engine: AsyncEngine, *, quota: float, refused: float, too_fast: float) -> None:
        self._engine = engine
        self._pauses = {
            QuotaExhausted: ("quota", quota),
            KeyRefused: ("refused", refused),
            TooFast: ("too_fast", too_fast),
        }

    async def closed(self) -> Closed | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(CLOSED)).one_or_none()
        return Closed(_CODES[row[0]], row[1]) if row else None

    async def close(self, refusal: KinopoiskRefusal) -> timedelta:
        """Close after this refusal; how long films and people have to wait now."""
        reason, seconds = self._pauses[type(refusal)]
        pause = timedelta(seconds=seconds)
        async with self._engine.begin() as connection:
            await connection.execute(CLOSE, {"reason": reason, "pause": pause})
        level = log.error if isinstance(refusal, KeyRefused) else log.warning
        level("upstream_gate_closed", reason=reason, pause_seconds=seconds)
        return pause
