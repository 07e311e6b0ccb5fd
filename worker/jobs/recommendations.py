"""Starting rebuilds of the recommendations. They run as processes of their own: worker.rebuilder, worker.rebuild."""

from sqlalchemy import TextClause, text

from shared.recommendations import RECOMMENDABLE
from worker.context import Context

# If so many of all films are unknown to it, the model is that of another catalogue. Each film that was stored when it
# was made has a row, be it an empty one.
NOTABLE_SHARE = 0.2

# A rebuild that takes no longer costs so little that nobody need wait for the night.
CHEAP_SECONDS = 10

# Not while one is under way anywhere (the lock of worker.recommender), nor too soon after one that failed.
MAY_START = """
    NOT EXISTS (SELECT FROM recommender_model WHERE retry_at > now()) AND NOT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = (7421, 2) AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""

# All films: at once if that never happened; once every night; while the catalogue grows; and where it is cheap, soon
# after somebody has added a favourite or Kinopoisk has told what is similar to a film.
FULL_DUE = text(f"""
    SELECT {MAY_START} AND CASE
        WHEN built_at IS NULL THEN EXISTS (SELECT FROM film WHERE {RECOMMENDABLE})
        WHEN built_at < (date_trunc('day', now() AT TIME ZONE 'UTC' - night) + night) AT TIME ZONE 'UTC' THEN true
        WHEN {NOTABLE_SHARE} * (SELECT count(*) FROM film) < (
            SELECT count(*) FROM (
                SELECT kinopoisk_id FROM film EXCEPT SELECT kinopoisk_id FROM film_neighbour
            ) AS unknown
        ) THEN true
        WHEN seconds < {CHEAP_SECONDS} AND built_at < now() - interval '5 minutes' THEN
            EXISTS (SELECT FROM favourite WHERE added_at > built_at)
            OR EXISTS (SELECT FROM film_relation WHERE fetched_at > built_at AND related <> '{{}}')
        ELSE false
    END
    FROM (SELECT max(built_at) AS built_at, max(seconds) AS seconds FROM recommender_model) AS latest,
        (SELECT make_interval(hours => CAST(:rebuild_hour AS integer)) AS night) AS setting
""")

# A favourite that leads nowhere, because it was not stored when the model was made.
LONELY = text(f"""
    WITH lonely AS MATERIALIZED (
        SELECT kinopoisk_id FROM film
        WHERE NOT EXISTS (SELECT FROM film_neighbour WHERE film_neighbour.kinopoisk_id = film.kinopoisk_id)
    )
    SELECT {MAY_START} AND EXISTS (SELECT FROM recommender_model WHERE built_at IS NOT NULL)
        AND EXISTS (SELECT FROM favourite JOIN lonely USING (kinopoisk_id))
""")

# Which films have so many more people that it matters, the rebuild finds out.
NEW_FAVOURITES = text(f"""
    SELECT {MAY_START} AND EXISTS (SELECT FROM recommender_model WHERE built_at IS NOT NULL)
        AND EXISTS (SELECT FROM favourite WHERE added_at > now() - interval '1 hour')
""")


async def rebuild_all(ctx: Context) -> bool:
    """Start a rebuild of all films if it is due; whether one was started. Safe to run twice."""
    rebuilder = ctx["rebuilder"]
    if not rebuilder.is_free:
        return False
    async with ctx["patient_engine"].connect() as connection:
        due = await connection.scalar(FULL_DUE, {"rebuild_hour": ctx["rebuild_hour"]})
    return bool(due) and rebuilder.start()


async def rebuild_lonely(ctx: Context) -> bool:
    """Start a rebuild of what has changed if a favourite leads nowhere yet; whether one was started."""
    return await _rebuild_changed(ctx, LONELY)


async def rebuild_changed(ctx: Context) -> bool:
    """Start a rebuild of what has changed if there are new favourites; whether one was started."""
    return await _rebuild_changed(ctx, NEW_FAVOURITES)


async def _rebuild_changed(ctx: Context, condition: TextClause) -> bool:
    rebuilder = ctx["rebuilder"]
    if not rebuilder.is_free:
        return False
    async with ctx["patient_engine"].connect() as connection:
        due = await connection.scalar(condition)
    return bool(due) and rebuilder.start("--changed")
