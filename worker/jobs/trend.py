"""Keeping the trend up to date: by the hour, and soon after films have come that it does not know."""

from sqlalchemy import text

from shared.recommendations import RECOMMENDABLE
from worker.context import Context
from worker.trend import refresh_trend

# A small trend is made in no time, and while the catalogue is being loaded everybody waits for films.
SMALL = 5_000

# Due: at once if there is none; after an hour, because time goes by; and when there is something new to know, soon
# while it is small, else after ten minutes: a film that was stored, one that it does not know although it is stored for
# long (the read table may have been made anew), a part of a franchise.
DUE = text(f"""
    WITH latest AS (SELECT max(trend_at) AS trend_at FROM recommender_model),
    size AS (SELECT count(*) < {SMALL} AS small FROM (SELECT FROM film_trend LIMIT {SMALL}) AS first)
    SELECT CASE
        WHEN trend_at IS NULL THEN EXISTS (SELECT FROM film)
        WHEN trend_at < now() - interval '1 hour' THEN true
        WHEN NOT EXISTS (SELECT FROM film_chart) AND EXISTS (SELECT FROM film_trend) THEN true
        WHEN trend_at > now() - CASE WHEN small THEN interval '8 seconds' ELSE interval '10 minutes' END THEN false
        ELSE EXISTS (SELECT FROM film WHERE fetched_at > trend_at)
            OR EXISTS (SELECT FROM film_relation WHERE relation = 'sequel' AND fetched_at > trend_at)
            OR EXISTS (
                SELECT FROM (SELECT kinopoisk_id FROM film EXCEPT SELECT kinopoisk_id FROM film_trend) AS unknown
                JOIN film USING (kinopoisk_id) WHERE {RECOMMENDABLE}
            )
    END FROM latest, size
""")


async def keep_trend(ctx: Context) -> int:
    """Refresh the trend if it is due; answers how many films changed. Safe to run twice."""
    async with ctx["engine"].connect() as connection:
        due = await connection.scalar(DUE)
    return await refresh_trend(ctx["patient_engine"]) if due else 0
