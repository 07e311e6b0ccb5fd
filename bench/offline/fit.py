"""From interactions to a model: into a database, through the product's trend and rebuild, out into a folder."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bench.offline.csv_files import Liked, Title
from bench.offline.database import add_favourites, own_database
from bench.offline.film_rows import film_rows, numbered
from bench.offline.franchises import sequels
from bench.offline.model_folder import finish, make_room, write_tables
from worker.charts import redraw_charts
from worker.trend import refresh_trend

RELATED = "INSERT INTO film_relation (kinopoisk_id, relation, related) VALUES ($1, 'sequel', $2)"


@dataclass(frozen=True)
class Wish:
    """From what to learn, and how."""

    liked: Liked
    titles: dict[str, Title]
    as_of: float | None
    franchise_cap: bool


def fit(wish: Wish, folder: Path) -> None:
    """Learn, and write the model. Raises BadFile, CannotStart."""
    make_room(folder)
    films = numbered({*wish.liked.film_numbers, *wish.titles})
    with own_database() as database:
        asyncio.run(fill(database.url, wish, films))
        asyncio.run(look(database.url, wish.as_of))
        if films:  # of none there would be nothing to learn, and no model
            database.run("rebuild", "worker.rebuild", "recommendations", "--force")
        asyncio.run(save(database.url, folder))
    finish(folder, films, about(wish))


async def fill(url: str, wish: Wish, films: list[str]) -> None:
    """Everything that is known, as the service would know it."""
    connection = await asyncpg.connect(url)
    try:
        rows = list(film_rows(films, wish.titles))
        records = (tuple(row.values()) for row in rows)
        if rows:
            await connection.copy_records_to_table("film", records=records, columns=list(rows[0]))
        if wish.franchise_cap:
            names = {number: wish.titles[film].title for number, film in enumerate(films, 1) if film in wish.titles}
            await connection.executemany(RELATED, sequels(names).items())
        ids = {film: number for number, film in enumerate(films, 1)}
        await add_favourites(connection, wish.liked, [ids[film] for film in wish.liked.film_numbers])
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def look(url: str, as_of: float | None) -> None:
    """Priors, and the trend of that moment; without a moment there is no trend."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool)
    try:
        await refresh_trend(engine, None if as_of is None else datetime.fromtimestamp(as_of, UTC))
        if as_of is None:
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE film_trend SET trend = 0"))
                await redraw_charts(connection)
    finally:
        await engine.dispose()


async def save(url: str, folder: Path) -> None:
    connection = await asyncpg.connect(url)
    try:
        await write_tables(connection, folder)
    finally:
        await connection.close()


def about(wish: Wish) -> dict[str, object]:
    """For whoever finds the model."""
    learnt = {"users": len(wish.liked.user_numbers), "interactions": len(wish.liked.users)}
    return learnt | {"as_of": wish.as_of, "franchise_cap": wish.franchise_cap}
