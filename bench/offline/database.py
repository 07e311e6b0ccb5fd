"""A PostgreSQL of its own for one command, with the schema of today; it is gone when the command ends."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import asyncpg

from bench.offline.csv_files import Liked
from bench.stack import settings_for
from bench.starter import Starter
from dev.postgres import embedded_postgres
from dev.processes import run_to_end
from dev.testing import temporary_data

# The recommender asks neither.
NOWHERE = "127.0.0.1:9"

USERS = """
    INSERT INTO user_account (id, username, username_folded, password_hash)
    SELECT lpad(to_hex(number), 32, '0')::uuid, number, number, '' FROM generate_series(0, $1::integer - 1) AS number
"""
WANTED = """
    INSERT INTO film_sync (kinopoisk_id, status, next_attempt_at)
    SELECT id, 'ready', now() + interval '1 year' FROM unnest($1::integer[]) AS id
"""
# All ids are ours: to look each of them up would take longer than all the rest.
TRUST = "ALTER TABLE favourite DROP CONSTRAINT fk_favourite_user_id, DROP CONSTRAINT fk_favourite_kinopoisk_id"
LIKED = "CREATE TEMPORARY TABLE liked (person integer, kinopoisk_id integer, at float8)"
# As in the service, adding a favourite again changes nothing.
FAVOURITES = """
    INSERT INTO favourite (user_id, kinopoisk_id, added_at)
    SELECT lpad(to_hex(person), 32, '0')::uuid, kinopoisk_id, to_timestamp(min(at))
    FROM liked GROUP BY person, kinopoisk_id ORDER BY person, kinopoisk_id
"""


@dataclass(frozen=True)
class Database:
    """Its address, and what starts the product's programs on it."""

    url: str
    starter: Starter

    def run(self, name: str, *module: str) -> None:
        """Run a Python module to its end. Raises dev.problems.CannotStart with its last words."""
        run_to_end(self.starter.launch(name, *module), self.starter.interrupts)


@contextmanager
def own_database() -> Iterator[Database]:
    """Raises dev.problems.CannotStart."""
    with ExitStack() as exits:
        data = exits.enter_context(temporary_data())
        postgres = exits.enter_context(embedded_postgres(data, durable=False))
        database = Database(postgres.url, Starter(data, exits))
        database.starter.environment |= settings_for(postgres.url, f"redis://{NOWHERE}", f"http://{NOWHERE}")
        database.run("migration", "alembic", "upgrade", "head")
        asyncio.run(_trust(postgres.url))
        yield database


async def _trust(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TRUST)
    finally:
        await connection.close()


async def add_favourites(connection: asyncpg.Connection, liked: Liked, ids: Sequence[int]) -> None:
    """Users, and the favourites of each; `ids` are kinopoisk_ids by the numbers of films in `liked`."""
    await connection.execute(USERS, len(liked.user_numbers))
    await connection.execute(WANTED, sorted(ids))
    await connection.execute(LIKED)
    rows = zip(liked.users, map(ids.__getitem__, liked.films), liked.moments, strict=True)
    await connection.copy_records_to_table("liked", records=rows)
    await connection.execute(f"{FAVOURITES}; DROP TABLE liked")
