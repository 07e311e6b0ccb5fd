"""Fetching what is due: rung for by the API after a commit, and swept for every few seconds."""

from sqlalchemy import text

from worker.context import Context

# One that somebody is changing at the moment is left out, so that nobody waits for anybody in a circle.
CLOSE_GAPS = text("""
    WITH gap AS (
        SELECT requested_by, min(rank) AS films FROM film_sync WHERE requested_by IS NOT NULL
        GROUP BY requested_by HAVING min(rank) > 0
    ), behind AS MATERIALIZED (
        SELECT kinopoisk_id, films FROM film_sync JOIN gap USING (requested_by)
        FOR NO KEY UPDATE OF film_sync SKIP LOCKED
    )
    UPDATE film_sync SET rank = rank - films FROM behind WHERE film_sync.kinopoisk_id = behind.kinopoisk_id
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
