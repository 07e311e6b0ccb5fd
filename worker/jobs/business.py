"""How much the service is used, as gauges: what an owner asks for first."""

from sqlalchemy import text

from shared import metrics
from worker.context import Context

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


async def report_business(ctx: Context) -> None:
    """Users, favourites, films and the films that most people have; of all workers one tells."""
    async with ctx["patient_engine"].connect() as connection:
        figures = (await connection.execute(FIGURES)).one()
        top = (await connection.execute(TOP)).all()
    metrics.gauge("business.users", figures.users)
    metrics.gauge("business.favourites", figures.favourites)
    metrics.gauge("business.hidden_films", figures.hidden_films)
    metrics.gauge("business.films.full", figures.full)
    metrics.gauge("business.films.summary", figures.summary)
    for row in top:
        metrics.gauge(f"business.top.{row.kinopoisk_id}", row.favourites)
