"""How films do at large: prior and trend of each film that may be recommended, and the charts that follow from them.

The prior says how good a film is: Kinopoisk's rating, drawn to the mean of all films as long as few have voted (the
Bayesian mean), and damped by how many have. The trend says how much it is favoured at the moment: a favourite counts
half as much every week. Both are 0 to 1.
"""

import math
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.recommendations import RECOMMENDABLE
from worker.charts import redraw_charts
from worker.franchises import franchises

log = structlog.get_logger()

# Of all workers one refreshes at a time.
LOCK = text("SELECT pg_try_advisory_xact_lock(7421, 3)")

# A favourite of this many days ago counts half.
TREND_HALF_LIFE = 7.0
# A film with a rating of which nobody told how many voted: as little known as this.
FEW_VOTES = 500
# Kinopoisk's collections tell no votes either, but a film in one is well known. Of the popular ones the first place has
# as many as a film of the 250 best, the 20th half, and so on: places and popularity are related like that (Zipf).
TOP_VOTES, THEMED_VOTES, ZIPF = 200_000, 20_000, 20
# A film with so many votes is known to everybody.
MANY_VOTES = 500_000
# What is rated 5 needs no recommending, and nothing is rated above 9: between them good films differ most.
WORST, BEST = 5, 9
# Until people have added favourites, Kinopoisk's popular collections stand in for as many, spread by place. A service
# whose people add thousands a week hardly notices them.
STAND_INS = 100

# An age is bounded because exp() of less is an error in PostgreSQL, no zero: 1,000 half-lives are 19 years.
FAVOURED = text(f"""
    CREATE TEMPORARY TABLE favoured ON COMMIT DROP AS
    SELECT kinopoisk_id, count(*)::float8 AS people, sum(exp({-math.log(2)}::float8 * least(1000, greatest(0,
        date_part('epoch', coalesce(CAST(:as_of AS timestamptz), now()) - added_at) / {TREND_HALF_LIFE * 86_400}
    )))) AS weight
    FROM favourite GROUP BY kinopoisk_id
""")

RELATIONS = text("SELECT kinopoisk_id, related FROM film_relation WHERE relation = 'sequel'")

# The mean counts as many votes as 60 % of the rated films have at most. Where no film has a rating, popularity here is
# all that is known, and is the prior as it is; among ratings a favourite is damped like a vote. Rounded, because a
# single new rating moves the mean, and so all films a very little. EXCEPT, so that a row that stays the same is not
# even locked.
REFRESH = text(f"""
    WITH listed AS (
        SELECT item.kinopoisk_id, min(place) FILTER (WHERE name LIKE 'TOP_POPULAR%') AS popular, max(CASE
            WHEN name LIKE 'TOP_250%' THEN {TOP_VOTES}
            WHEN name LIKE 'TOP_POPULAR%' THEN {TOP_VOTES * ZIPF} / ({ZIPF - 1} + place)
            ELSE {THEMED_VOTES}
        END) AS votes
        FROM collection CROSS JOIN LATERAL unnest(films) WITH ORDINALITY AS item (kinopoisk_id, place)
        GROUP BY item.kinopoisk_id
    ), popular AS (
        SELECT kinopoisk_id, {STAND_INS} * share / sum(share) OVER () AS weight
        FROM (SELECT kinopoisk_id, 1 / ({ZIPF - 1}::float8 + popular) AS share FROM listed WHERE popular > 0) AS placed
    ), known AS MATERIALIZED (
        SELECT film.kinopoisk_id, film.genres, franchise, film.rating::float8 AS rating,
            coalesce(nullif(film.votes, 0), listed.votes, {FEW_VOTES})::float8 AS votes,
            coalesce(people, 0) AS people, coalesce(favoured.weight, 0) + coalesce(popular.weight, 0) AS weight
        FROM film
        LEFT JOIN listed USING (kinopoisk_id)
        LEFT JOIN popular USING (kinopoisk_id)
        LEFT JOIN favoured USING (kinopoisk_id)
        LEFT JOIN unnest(CAST(:films AS integer[]), CAST(:franchises AS integer[])) AS part (kinopoisk_id, franchise)
            USING (kinopoisk_id)
        WHERE {RECOMMENDABLE}
    ), usual AS (
        SELECT avg(rating) AS rating, nullif(max(people), 0) AS people, nullif(max(weight), 0) AS weight,
            percentile_cont(0.6) WITHIN GROUP (ORDER BY votes) FILTER (WHERE rating IS NOT NULL) AS votes
        FROM known
    ), fresh AS MATERIALIZED (
        SELECT known.kinopoisk_id, genres, franchise, CASE
            WHEN known.rating IS NOT NULL THEN round(1e4 * greatest(0, least(1,
                ((known.votes * known.rating + usual.votes * usual.rating) / (known.votes + usual.votes) - {WORST})
                    / {BEST - WORST}
            )) * least(1, ln(1 + known.votes) / {math.log(1 + MANY_VOTES)})) / 1e4
            WHEN usual.rating IS NULL THEN coalesce(known.people / usual.people, 0)
            ELSE coalesce(known.people / usual.people, 0) * least(1, ln(1 + known.people) / {math.log(1 + MANY_VOTES)})
        END::real AS prior, coalesce(round(1e6 * known.weight / usual.weight) / 1e6, 0)::real AS trend
        FROM known CROSS JOIN usual
    ), gone AS (
        DELETE FROM film_trend
        WHERE NOT EXISTS (SELECT FROM fresh WHERE fresh.kinopoisk_id = film_trend.kinopoisk_id)
        RETURNING kinopoisk_id
    ), changed AS (
        INSERT INTO film_trend (kinopoisk_id, genres, franchise, prior, trend)
        SELECT * FROM (
            TABLE fresh EXCEPT SELECT kinopoisk_id, genres, franchise, prior, trend FROM film_trend
        ) AS different
        ON CONFLICT (kinopoisk_id) DO UPDATE SET genres = excluded.genres, franchise = excluded.franchise,
            prior = excluded.prior, trend = excluded.trend
        RETURNING kinopoisk_id
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
""")

# A version is part of the key of every cached answer: it rises only if there is something new to answer.
NOTE = text("""
    INSERT INTO recommender_model AS model (version, trend_at)
    VALUES ((1e6 * date_part('epoch', clock_timestamp()))::bigint, now())
    ON CONFLICT (id) DO UPDATE SET trend_at = now(), version = CASE
        WHEN CAST(:changed AS boolean) THEN greatest(model.version + 1, excluded.version) ELSE model.version
    END
""")


async def refresh_trend(engine: AsyncEngine, as_of: datetime | None = None) -> int:
    """Write `film_trend` and `film_chart` as of this moment (None: now); answers how many films changed.

    Favourites that were added later count as added then. If somebody else is at it, nothing is done. A statement may
    take some seconds: give it a patient engine.
    """
    async with engine.begin() as connection:
        if not await connection.scalar(LOCK):
            return 0
        await connection.execute(FAVOURED, {"as_of": as_of})
        films = await _refresh_films(connection)
        places = await redraw_charts(connection)
        await connection.execute(NOTE, {"changed": films + places > 0})
    log.info("trend_refreshed", films=films, places=places)
    return films


async def _refresh_films(connection: AsyncConnection) -> int:
    relations = (await connection.execute(RELATIONS)).all()
    by_film = franchises((row.kinopoisk_id, row.related) for row in relations)
    return int(await connection.scalar(REFRESH, {"films": [*by_film], "franchises": [*by_film.values()]}) or 0)
