"""What the operator wants to see at a glance: the budget of the day, the gate, the backlog, the refreshes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.moments import json_moment
from shared.upstream import ledger
from shared.upstream.gate import BROKEN, code_of
from shared.upstream.ledger import State
from shared.upstream.terms import UNLIMITED, Kind, Terms

BUDGET = text("""
    SELECT now() AS now, budget.* FROM (SELECT) AS one LEFT JOIN upstream_budget AS budget ON true
""")

BY_KIND = text("""
    SELECT kind, count(*) FROM upstream_call WHERE at > now() - make_interval(secs => :day) GROUP BY kind
""")

GATE = text("SELECT reason, closed_until, closings FROM upstream_gate ORDER BY closed_until DESC")

RECENT = text("""
    SELECT count(*) FILTER (WHERE outcome = 'fault') AS failed, count(*) AS calls FROM (
        SELECT outcome FROM upstream_call WHERE outcome IN ('answered', 'fault') ORDER BY at DESC LIMIT 20) AS latest
""")

# Each half is read from an index of its own: films are many, and this is asked for again and again.
BACKLOG = text("""
    SELECT * FROM (
        SELECT count(*) AS waiting, count(*) FILTER (WHERE next_attempt_at <= now()) AS due,
            coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)::float8 AS oldest_due_seconds
        FROM film_sync WHERE priority = 0
    ) AS backlog, (
        SELECT count(*) FILTER (WHERE demand >= 0) AS films,
            count(*) FILTER (WHERE next_attempt_at <= now()) AS refreshes_due
        FROM film_sync WHERE priority > 0
    ) AS refreshes
""")


async def read_status(engine: AsyncEngine, terms: Terms) -> dict[str, Any]:
    """The document of GET /status/upstream."""
    async with engine.connect() as connection:
        state = await ledger.read_state(connection, terms)
        budget = (await connection.execute(BUDGET)).one()
        by_kind = {kind: int(calls) for kind, calls in await connection.execute(BY_KIND, {"day": terms.day_seconds})}
        gates = (await connection.execute(GATE)).all()
        recent = (await connection.execute(RECENT)).one()
        backlog = (await connection.execute(BACKLOG)).one()
    return {
        "budget": _budget(state, terms, budget, by_kind),
        "gate": _gate(gates, budget.now),
        "breaker": _breaker(gates, recent, budget.now),
        "backlog": {
            "waiting": backlog.waiting,
            "due": backlog.due,
            "oldest_due_seconds": round(max(backlog.oldest_due_seconds, 0), 1),
        },
        "refresh": _refresh(budget, backlog),
    }


def _budget(state: State, terms: Terms, budget: Row[Any], by_kind: dict[str, int]) -> dict[str, Any]:
    def left(kind: Kind) -> int | None:
        ceiling = terms.ceiling(kind, state.daily_limit)
        return None if ceiling is None else max(ceiling - state.used, 0)

    unlimited = state.daily_limit == UNLIMITED
    reset = next_reset(budget.reset_before, budget.now, timedelta(seconds=terms.day_seconds))
    return {
        "limit": None if unlimited else state.daily_limit,
        "used": sum(by_kind.values()) if unlimited else state.used,
        "left": left(Kind.INTERACTIVE),
        "source": "kinopoisk" if state.reported else "own-count",
        "reported_at": json_moment(budget.reported_at),
        "next_reset_at": json_moment(reset),
        "under_way": state.under_way,
        "classes": [
            {
                "class": kind,
                "ceiling": terms.ceiling(kind, state.daily_limit),
                "used_last_day": by_kind.get(kind, 0),
                "left": left(kind),
            }
            for kind in Kind
        ],
    }


def next_reset(seen: datetime | None, now: datetime, day: timedelta) -> datetime | None:
    """The first whole number of days after the reset that was seen; the moment by which it was over, at the latest."""
    return None if seen is None else seen + max(-(-(now - seen) // day), 1) * day


def _gate(gates: Sequence[Row[Any]], now: datetime) -> dict[str, Any]:
    if not gates:
        return {"state": "open", "reason": None, "closed_until": None, "closings": 0}
    last = gates[0]
    state = "closed" if last.closed_until > now else "probe-due"
    return {
        "state": state,
        "reason": code_of(last.reason),
        "closed_until": json_moment(last.closed_until),
        "closings": last.closings,
    }


def _breaker(gates: Sequence[Row[Any]], recent: Row[Any], now: datetime) -> dict[str, Any]:
    broken = next((gate for gate in gates if gate.reason == BROKEN), None)
    state = "closed" if broken is None else "open" if broken.closed_until > now else "half-open"
    return {"state": state, "recent_calls": recent.calls, "recent_failures": recent.failed}


def _refresh(budget: Row[Any], backlog: Row[Any]) -> dict[str, Any]:
    wanted, left = budget.refresh_wanted_a_day, budget.refresh_left_a_day
    pace = None if wanted is None else min(wanted, left) if left is not None else wanted
    return {
        "films": backlog.films,
        "due": backlog.refreshes_due,
        "wanted_per_day": wanted and round(wanted, 2),
        "calls_left_per_day": left and round(left, 2),
        "stretch": round(budget.refresh_stretch or 1, 3),
        "full_cycle_days": round(backlog.films / pace, 2) if pace else None,
        "forecast_at": json_moment(budget.forecast_at),
    }
