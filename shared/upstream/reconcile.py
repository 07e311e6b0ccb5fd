"""What upstream itself says of the key: the plan's limit and what is used. A fall of `used` shows that a day began."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import text

from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.errors import KinopoiskError
from shared.kinopoisk.models import KeyState
from shared.upstream import errors
from shared.upstream.access import PATIENCE_SECONDS, Access, in_turn
from shared.upstream.terms import UNLIMITED

log = structlog.get_logger()

# Of all processes one asks: whose turn it is, and the moment from which calls may be missing in the answer.
TAKE_TURN = text("""
    INSERT INTO upstream_budget AS budget (asked_at) VALUES (clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET asked_at = clock_timestamp()
        WHERE budget.asked_at IS NULL OR budget.asked_at <= now() - make_interval(secs => :every)
    RETURNING asked_at
""")

# A fall of what is used lies between two answers: the new day began there.
REPORT = text("""
    UPDATE upstream_budget SET
        reset_after = CASE WHEN :used < reported_used THEN reported_at ELSE reset_after END,
        reset_before = CASE WHEN :used < reported_used THEN :asked_at ELSE reset_before END,
        reported_limit = :limit, reported_used = :used, reported_at = :asked_at
    RETURNING reset_before = :asked_at IS TRUE AS reset
""")

# Upstream would answer again, unless it has refused since: let a probe find out at once.
PROBE_NOW = text("""
    UPDATE upstream_gate SET closed_until = now() WHERE reason = 'quota' AND closed_until > now()
        AND NOT EXISTS (SELECT FROM upstream_call WHERE outcome = :quota_exhausted AND ended_at >= :asked_at)
""")

IS_BROKEN = text("SELECT EXISTS (SELECT FROM upstream_gate WHERE reason = 'broken' AND closed_until > now())")


async def reconcile(access: Access, kinopoisk: KinopoiskClient) -> bool:
    """Ask if it is time and nobody else did; whether upstream answered. Never raises a KinopoiskError.

    The call costs no quota, as far as is known; if it does, upstream's own count has it.
    """
    async with access.engine.begin() as connection:
        if await connection.scalar(IS_BROKEN):
            return False
        asked_at = await connection.scalar(TAKE_TURN, {"every": access.terms.reconcile_seconds})
    if asked_at is None:
        return False
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await in_turn(access.limiter)
        state = await kinopoisk.key_state()
    except (KinopoiskError, TimeoutError) as error:
        log.warning("upstream_budget_not_reported", reason=getattr(error, "code", errors.BUSY))
        return False
    await _store(access, state, asked_at)
    return True


async def _store(access: Access, state: KeyState, asked_at: datetime) -> None:
    limit, used = state.limit_and_used()
    async with access.engine.begin() as connection:
        reset = await connection.scalar(REPORT, {"limit": limit, "used": used, "asked_at": asked_at})
        if limit == UNLIMITED or used < limit:
            await connection.execute(PROBE_NOW, {"quota_exhausted": errors.QUOTA_EXHAUSTED, "asked_at": asked_at})
    log.info("upstream_budget_reported", limit=limit, used=used, new_day=reset)
