"""How often films can be refreshed: what they ask for, what the budget leaves, and so by how much all are put off."""

from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.upstream import ledger
from shared.upstream.terms import Kind, Terms

log = structlog.get_logger()

# However busy the other calls are: so much of the day is reckoned with for refreshes.
LEAST_SHARE = 0.05

# Twice as many people or looks are one level more; who has a film counts as much as ten who look at it.
DEMAND = text("""
    UPDATE film_sync SET demand = new.demand, views = new.views FROM (
        SELECT film_sync.kinopoisk_id, film_sync.views * :fade AS views,
            least(7, floor(
                ln(1 + coalesce(people.number, 0) + film_sync.views / 10) / ln(2.0::float8) + 1e-9
            ))::smallint AS demand
        FROM film_sync LEFT JOIN (
            SELECT kinopoisk_id, count(*) AS number FROM favourite GROUP BY kinopoisk_id
        ) AS people USING (kinopoisk_id)
        WHERE film_sync.priority < 2
        ORDER BY kinopoisk_id FOR NO KEY UPDATE OF film_sync SKIP LOCKED
    ) AS new
    WHERE film_sync.kinopoisk_id = new.kinopoisk_id
        AND (film_sync.demand <> new.demand OR film_sync.views > 0.01)
""")

WANTED = text(
    "SELECT coalesce(sum(1 / refresh_days), 0)::float8 FROM film_sync WHERE refresh_days > 0 AND priority < 2"
)

OTHERS = text("""
    SELECT count(*) FROM upstream_call WHERE kind IN ('interactive', 'new') AND at > now() - make_interval(secs => :day)
""")

KEEP = text("""
    INSERT INTO upstream_budget AS budget (refresh_stretch, refresh_wanted_a_day, refresh_left_a_day, forecast_at)
    VALUES (:stretch, :wanted, :left, now())
    ON CONFLICT (id) DO UPDATE SET refresh_stretch = excluded.refresh_stretch, forecast_at = now(),
        refresh_wanted_a_day = excluded.refresh_wanted_a_day, refresh_left_a_day = excluded.refresh_left_a_day
""")


class Forecast(NamedTuple):
    """Refreshes a day: how many the films ask for, how many calls are left for them (None: no limit); the stretch."""

    wanted: float
    left: float | None
    stretch: float


async def reckon(engine: AsyncEngine, terms: Terms, *, fade: float) -> Forecast:
    """Order the refreshes by demand and stretch them to the budget. `fade` is what remains of earlier looks."""
    async with engine.begin() as connection:
        await connection.execute(DEMAND, {"fade": fade})
    async with engine.begin() as connection:
        forecast = await _forecast(connection, terms)
        await connection.execute(KEEP, forecast._asdict())
    log.info("refresh_forecast_made", **{name: value and round(value, 2) for name, value in forecast._asdict().items()})
    return forecast


async def _forecast(connection: AsyncConnection, terms: Terms) -> Forecast:
    wanted = float(await connection.scalar(WANTED) or 0)
    state = await ledger.read_state(connection, terms)
    ceiling = terms.ceiling(Kind.REFRESH, state.daily_limit)
    if ceiling is None:
        return Forecast(wanted, None, 1.0)
    others = int(await connection.scalar(OTHERS, {"day": terms.day_seconds}) or 0)
    left = max(ceiling - others, ceiling * LEAST_SHARE, 1.0)
    return Forecast(wanted, left, max(wanted / left, 1.0))
