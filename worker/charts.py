"""The charts: the best films at large, of all and of each genre, as `film_trend` has them."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.recommendations import OVERALL, PRIOR_LEAST, PRIOR_MORE, TREND_WEIGHT

# More than anybody can have and hide, so that there is always something left to recommend.
PLACES = 10_100

# As who has no favourites would be recommended them. EXCEPT, so that a place that stays the same is not even locked.
REDRAW = text(f"""
    WITH chart (genre, place, kinopoisk_id) AS MATERIALIZED (
        SELECT genre, place::integer, kinopoisk_id FROM (
            SELECT genre, kinopoisk_id, row_number() OVER (
                PARTITION BY genre
                ORDER BY {PRIOR_LEAST + PRIOR_MORE} * prior + {TREND_WEIGHT} * trend DESC, kinopoisk_id
            ) AS place
            FROM film_trend CROSS JOIN LATERAL unnest({OVERALL}::smallint || genres) AS genre
        ) AS placed
        WHERE place <= {PLACES}
    ), gone AS (
        DELETE FROM film_chart WHERE NOT EXISTS (
            SELECT FROM chart WHERE (chart.genre, chart.place) = (film_chart.genre, film_chart.place)
        ) RETURNING place
    ), changed AS (
        INSERT INTO film_chart (genre, place, kinopoisk_id)
        SELECT * FROM (TABLE chart EXCEPT SELECT genre, place, kinopoisk_id FROM film_chart) AS different
        ON CONFLICT (genre, place) DO UPDATE SET kinopoisk_id = excluded.kinopoisk_id
        RETURNING place
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
""")


async def redraw_charts(connection: AsyncConnection) -> int:
    """All charts anew; answers how many places changed. A chart ends after `PLACES`."""
    return int(await connection.scalar(REDRAW) or 0)
