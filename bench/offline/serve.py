"""From a model and people's favourites to their lists: into a database, through the product's ranking, out again."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from uuid import UUID

import asyncpg

from api.queries.ranking import rank
from bench.offline.csv_files import Liked, Recommendations
from bench.offline.database import add_favourites, own_database
from bench.offline.model_folder import known_films, read_model
from shared.postgres import read_engine

# Enough to keep PostgreSQL busy while this process reads an answer.
AT_ONCE, BATCH = 4, 200
PATIENCE_SECONDS = 60


def serve(folder: Path, liked: Liked, count: int, lists: Recommendations, done: Callable[[int], None]) -> None:
    """Write the list of each user who likes something; `done` hears how many more are written.

    Raises BadFile, CannotStart.
    """
    films = all_films(folder, liked)
    with own_database() as database:
        asyncio.run(fill(database.url, folder, liked, films))
        asyncio.run(answer(database.url, liked, films, count, lists, done))


def all_films(folder: Path, liked: Liked) -> list[str]:
    """Those of the model, then those that it does not know; the film of number i + 1 is at place i. Raises BadFile."""
    films = known_films(folder)
    known = set(films)
    return films + [film for film in liked.film_numbers if film not in known]


async def fill(url: str, folder: Path, liked: Liked, films: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await read_model(connection, folder)
        ids = {film: number for number, film in enumerate(films, 1)}
        await add_favourites(connection, liked, [ids[film] for film in liked.film_numbers])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def answer(
    url: str, liked: Liked, films: Sequence[str], count: int, lists: Recommendations, done: Callable[[int], None]
) -> None:
    """As the API would for each of them."""
    options = {"pool_size": AT_ONCE, "pool_timeout": PATIENCE_SECONDS, "command_timeout": PATIENCE_SECONDS}
    engine = read_engine(url.replace("postgresql:", "postgresql+asyncpg:"), "kinoshelf-bench", **options)
    try:
        for batch in batches(liked.user_numbers):
            ranked = await asyncio.gather(*(rank(engine, UUID(int=number), None, count) for _, number in batch))
            for (user, _), rows in zip(batch, ranked, strict=True):
                chosen = ((films[row.kinopoisk_id - 1], row.score, _named(films, row.because)) for row in rows)
                lists.write(user, list(chosen))
            done(len(batch))
    finally:
        await engine.dispose()


def _named(films: Sequence[str], because: int | None) -> str:
    return films[because - 1] if because else ""


def batches(users: dict[str, int]) -> Iterator[list[tuple[str, int]]]:
    waiting = iter(users.items())
    while batch := list(islice(waiting, BATCH)):
        yield batch
