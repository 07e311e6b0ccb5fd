"""How much the service is used, as gauges: what an owner asks for first."""

import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics

# Counting takes this part of the time at most; until the next count the last one is told again.
MOST_OF_THE_TIME = 0.01

FIGURES = text("""
    SELECT (SELECT count(*) FROM user_account) AS users,
        (SELECT count(*) FROM favourite) AS favourites,
        (SELECT count(*) FROM hidden_film) AS hidden_films,
        (SELECT count(*) FROM film WHERE detail = 'full') AS full,
        (SELECT count(*) FROM film WHERE detail = 'summary') AS summary
""")
TOP = text("""
    SELECT kinopoisk_id, count(*) AS favourites FROM favourite
    GROUP BY kinopoisk_id ORDER BY favourites DESC, kinopoisk_id LIMIT 10
""")


class Business:
    """The figures as last counted."""

    def __init__(self) -> None:
        self._figures: dict[str, int] = {}
        self._top: list[tuple[int, int]] = []
        self._count_at = 0.0

    async def count(self, engine: AsyncEngine) -> None:
        """Count anew, if it is time."""
        started = time.monotonic()
        if started < self._count_at:
            return
        async with engine.connect() as connection:
            self._figures = dict((await connection.execute(FIGURES)).one()._mapping)
            self._top = [(film, favourites) for film, favourites in await connection.execute(TOP)]
        took = time.monotonic() - started
        self._count_at = started + took / MOST_OF_THE_TIME

    def tell(self) -> None:
        for name in ("users", "favourites", "hidden_films"):
            metrics.gauge(f"business.{name}", self._figures[name])
        for detail in ("full", "summary"):
            metrics.gauge(f"business.films.{detail}", self._figures[detail])
        # By place, and the film as a value: a name for each film that was ever among them would never end.
        for place, (film, favourites) in enumerate(self._top, 1):
            metrics.gauge(f"business.top.{place}.film", film)
            metrics.gauge(f"business.top.{place}.favourites", favourites)
