"""Fetching what is due: rung for by the API after a commit, and swept for every few seconds."""

from sqlalchemy import text

from worker.context import Context

CLOSE_GAPS = text("""
    UPDATE film_sync SET rank = rank - gap.films FROM (
        SELECT requested_by, min(rank) AS films FROM film_sync WHERE requested_by IS NOT NULL
        GROUP BY requested_by HAVING min(rank) > 0
    ) AS gap
    WHERE film_sync.requested_by = gap.requested_by
""")


async def wake(ctx: Context) -> None:
    """Somebody wants a film."""
    ctx["drain"].ring()


async def sweep(ctx: Context) -> None:
    """Find what no wake-up told of: lost messages, ended leases, retries and refreshes that fell due."""
    ctx["drain"].ring()
    ctx["catalogue"].ring()


async def move_up(ctx: Context) -> int:
    """Films whose forerunners are fetched wait behind fewer now; answers how many moved up. Safe to run twice."""
    async with ctx["engine"].begin() as connection:
        return int((await connection.execute(CLOSE_GAPS)).rowcount)
