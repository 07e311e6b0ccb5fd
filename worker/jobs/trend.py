"""Keeping the trend up to date: by the hour, and soon after films have come that it does not know."""

from sqlalchemy import text

from shared.recommendations import RECOMMENDABLE
from worker.context import Context
from worker.trend import refresh_trend

# A small trend is made in no time, and while the catalogue is being loaded everybody waits for films.
SMALL = 5_000

# Due: at once if there is none; after an hour, because time goes by; if films have come, after ten minutes, or while it
# is small the next time that somebody looks. In a small one also films are missed that were stored with an old time.
DUE = text(f"""
    WITH latest AS (SELECT max(trend_at) AS trend_at FROM recommender_model),
    size AS (SELECT count(*) < {SMALL} AS small FROM (SELECT FROM film_trend LIMIT {SMALL}) AS first)
    SELECT CASE
        WHEN trend_at IS NULL THEN EXISTS (SELECT FROM film)
        WHEN trend_at < now() - interval '1 hour' THEN true
        WHEN small THEN trend_at < now() - interval '8 seconds' AND EXISTS (
            SELECT FROM film WHERE {RECOMMENDABLE} AND (fetched_at > trend_at OR NOT EXISTS (
                SELECT FROM film_trend WHERE film_trend.kinopoisk_id = film.kinopoisk_id
            ))
        )
        ELSE trend_at < now() - interval '10 minutes' AND EXISTS (SELECT FROM film WHERE fetched_at > trend_at)
    END FROM latest, size
""")


async def keep_trend(ctx: Context) -> int:
    """Refresh the trend if it is due; answers how many films changed. Safe to run twice."""
    async with ctx["engine"].connect() as connection:
        due = await connection.scalar(DUE)
    return await refresh_trend(ctx["patient_engine"]) if due else 0
