"""How a call ends: what came of it goes into the ledger, and what that means for all others goes to the gate."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics, sentry
from shared.upstream import gate
from shared.upstream.ledger import Call
from shared.upstream.terms import Terms

ANSWERED, FAULT = "answered", "fault"

END = text("UPDATE upstream_call SET ended_at = clock_timestamp(), outcome = :outcome WHERE id = :id")
NEVER_MADE = text("DELETE FROM upstream_call WHERE id = :id")
NO_MORE_BROKEN = text("DELETE FROM upstream_gate WHERE reason = 'broken'")


async def end(engine: AsyncEngine, terms: Terms, call: Call, outcome: str) -> float:
    """Write down what came of it: ANSWERED, FAULT or the code of a refusal; how many seconds the gate is closed now.

    In one transaction: until it ends the call counts as under way, from then on the gate is closed. So no more calls
    pass after the first refusal than were under way beside it.
    """
    async with engine.begin() as connection:
        await connection.execute(END, {"id": call.id, "outcome": outcome})
        if reason := gate.reason_of(outcome):
            if call.probe:  # a refusal is an answer too
                await connection.execute(NO_MORE_BROKEN)
            seconds = await gate.close(connection, terms, reason, probe=call.probe)
        elif outcome == FAULT and (call.probe or await gate.is_broken(connection, terms)):
            seconds = await gate.close(connection, terms, gate.BROKEN, probe=call.probe)
        else:
            seconds = 0.0
            if call.probe:
                await gate.open_again(connection)
    metrics.count(f"upstream.calls.{call.kind}.{outcome}")
    _alarm(outcome, seconds)
    return seconds


def _alarm(outcome: str, seconds: float) -> None:
    """A used-up quota and too many calls in a second are no alarms: they pass by themselves, each day."""
    if outcome == gate.code_of(gate.REFUSED):
        sentry.alarm(
            "upstream-key-refused",
            "Kinopoisk refuses the API key: no film can be fetched until it is replaced or paid for",
        )
    elif outcome == FAULT and seconds:
        sentry.alarm("upstream-broken", "Kinopoisk fails again and again: it is left alone and tried now and then")


async def never_made(engine: AsyncEngine, call: Call) -> None:
    """Nothing was sent."""
    async with engine.begin() as connection:
        await connection.execute(NEVER_MADE, {"id": call.id})
