"""The model as files: the tables that serving reads, as PostgreSQL's CSV, and the ids of the films."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg
import orjson
from sqlalchemy import Table

from bench.offline.csv_files import BadFile
from shared.tables.read import film, film_chart, film_neighbour, film_trend, recommender_model

FORMAT = 1
META, FILMS = "meta.json", "films.json"
TABLES = (film, film_trend, film_chart, film_neighbour, recommender_model)


def make_room(folder: Path) -> None:
    """From now on no model is there. Raises BadFile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / META).unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(f"The model cannot be written to {folder}: {error.strerror}.") from None


async def write_tables(connection: asyncpg.Connection, folder: Path) -> None:
    """Raises OSError."""
    for table in TABLES:
        place = folder / f"{table.name}.csv"
        await connection.copy_from_table(table.name, columns=_columns(table), output=place, format="csv")


def finish(folder: Path, films: Sequence[str], meta: Mapping[str, object]) -> None:
    """What is written last makes the folder a model. Raises OSError."""
    (folder / FILMS).write_bytes(orjson.dumps(films))
    (folder / META).write_bytes(orjson.dumps({"format": FORMAT, **meta}, option=orjson.OPT_INDENT_2))


def known_films(folder: Path) -> list[str]:
    """The film of number i + 1 is at place i. Raises BadFile."""
    try:
        meta, films = (orjson.loads((folder / name).read_bytes()) for name in (META, FILMS))
    except (OSError, orjson.JSONDecodeError):
        raise BadFile(f"{folder} holds no model: `fit` makes one.") from None
    if meta.get("format") != FORMAT:
        raise BadFile(f"The model in {folder} was made by another version: `fit` it again.")
    return [str(film) for film in films]


async def read_model(connection: asyncpg.Connection, folder: Path) -> None:
    """Into empty tables. Raises BadFile."""
    for table in TABLES:
        place = folder / f"{table.name}.csv"
        try:
            await connection.copy_to_table(table.name, columns=_columns(table), source=place, format="csv")
        except (OSError, asyncpg.PostgresError):
            raise BadFile(f"The model in {folder} is damaged: {place.name} cannot be read.") from None


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.computed is None]
