"""Keeping the economy of upstream calls: what the key has left, how often films can be refreshed, what to show."""

from sqlalchemy import text

from shared.enrichment.forecast import reckon
from shared.upstream import signals
from shared.upstream.reconcile import reconcile
from shared.upstream.status import read_status
from worker.context import Context

# What remains of a look after an hour: half of it is left after a day.
FADE_AN_HOUR = 0.5 ** (1 / 24)

# One that somebody is changing at the moment, such as who deletes the account of who asked, goes the next time.
PURGE = text("""
    DELETE FROM upstream_call WHERE id IN (
        SELECT id FROM upstream_call WHERE at < now() - 2 * CAST(:window AS interval) FOR UPDATE SKIP LOCKED
    )
""")


async def reconcile_budget(ctx: Context) -> bool:
    """Ask upstream what the key has left, if it is time; whether it told. Safe to run twice."""
    upstream = ctx["upstream"]
    told = await reconcile(upstream.access, upstream.kinopoisk)
    if told:
        ctx["drain"].ring()  # a new day may have begun
    return told


async def forecast_refreshes(ctx: Context) -> float:
    """Order refreshes by demand and fit them to the budget; answers by how much they are put off."""
    upstream = ctx["upstream"]
    return (await reckon(upstream.engine, upstream.terms, fade=FADE_AN_HOUR)).stretch


async def report_upstream(ctx: Context) -> None:
    """Send what /status/upstream says as gauges; of all workers one does."""
    upstream = ctx["upstream"]
    signals.report(await read_status(upstream.engine, upstream.terms))


async def purge_calls(ctx: Context) -> int:
    """Delete calls of days that are over; answers how many. Safe to run twice."""
    async with ctx["engine"].begin() as connection:
        deleted = await connection.execute(PURGE, {"window": ctx["upstream"].terms.window})
        return int(deleted.rowcount)
