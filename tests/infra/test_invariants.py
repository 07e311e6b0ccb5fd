"""The invariants: each finds what breaks it. Two cannot be broken: the schema has NOT NULL and a CHECK for them."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.tables import metadata
from tests import invariants

NOBODY = "00000000-0000-4000-8000-000000000000"
ANNA = f"INSERT INTO user_account (id, username, username_folded, password_hash) VALUES ('{NOBODY}', 'a', 'a', '')"
WANTED = "INSERT INTO film_sync (kinopoisk_id, requested_at) VALUES (301, now())"
READY = "INSERT INTO film_sync (kinopoisk_id, status, priority) VALUES (301, 'ready', 1)"
SOURCE = "INSERT INTO film_source (kinopoisk_id, body, fetched_at) VALUES (301, '', now())"
FILM = """INSERT INTO film (kinopoisk_id, document) VALUES (301, '{"name_ru": "Матрица"}')"""
NAMELESS = "INSERT INTO film (kinopoisk_id, document) VALUES (301, '{}')"
FAVOURITE = f"INSERT INTO favourite (user_id, kinopoisk_id) VALUES ('{NOBODY}', 301)"
LEASED = "UPDATE film_sync SET claimed_at = now(), next_attempt_at = now() + interval '1 s'"
CALL = "INSERT INTO upstream_call (kind, kinopoisk_id) VALUES ('new', 301)"
BREAKING = {
    "a favourite without work row": (ANNA, FAVOURITE),
    "ready without full details": (READY, SOURCE),
    "ready without a source": (READY, FILM),
    "ready without a title": (READY, SOURCE, NAMELESS),
    "full details of a film that is not ready": (WANTED, FILM),
    "a lease that ends before it began": (
        WANTED,
        "UPDATE film_sync SET claimed_at = now() + interval '1 s', claim_seq = 1, attempts = 1",
    ),
    "a claim without number or attempt": (WANTED, LEASED),
    "two calls under one lease": (
        WANTED,
        f"{LEASED}, claim_seq = 1, attempts = 1",
        CALL,
        CALL,
    ),
    "first in the queue though nobody waits": (WANTED, "UPDATE film_sync SET requested_at = NULL"),
    "a new favourite behind the refreshes": (ANNA, WANTED, FAVOURITE, "UPDATE film_sync SET priority = 2"),
    "waited for by nobody known": (WANTED, f"UPDATE film_sync SET requested_by = '{NOBODY}'"),
    "a session of nobody known": (
        f"INSERT INTO session (id, user_id, expires_at) VALUES ('{NOBODY}', '{NOBODY}', now())",
    ),
    "favourites of nobody known": (WANTED, FAVOURITE),
    "more favourites than a user may have": (
        ANNA,
        WANTED,
        FAVOURITE,
        WANTED.replace("301", "302"),
        FAVOURITE.replace("301", "302"),
    ),
    "more calls than the day has": (CALL, CALL, CALL),
}
UNBREAKABLE = {"a film with no next time", "a status that is none"}


async def broken_by(database: AsyncEngine, *statements: str) -> list[str]:
    """What is broken in a database that has no foreign keys for as long as this takes."""
    keys = [(table.name, key.name) for table in metadata.tables.values() for key in table.foreign_key_constraints]
    free = [f"ALTER TABLE {table} DROP CONSTRAINT {key}" for table, key in keys]
    async with database.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        for statement in (*free, *statements):
            await connection.execute(text(statement.replace(":", "\\:")))
        found = await invariants.broken(connection, most_favourites=1, daily_limit=2)
        await connection.rollback()
    return found


@pytest.mark.parametrize("name", BREAKING)
async def test_each_invariant_finds_what_breaks_it_and_nothing_else_does(database: AsyncEngine, name: str) -> None:
    found = await broken_by(database, *BREAKING[name])
    assert [entry.partition(":")[0] for entry in found] == [name]


async def test_what_is_in_order_breaks_none(database: AsyncEngine) -> None:
    assert await broken_by(database, ANNA, READY, SOURCE, FILM, FAVOURITE, CALL) == []


def test_every_invariant_is_shown_to_find_something() -> None:
    assert set(invariants.CHECKS) == set(BREAKING) | UNBREAKABLE


async def test_the_oldest_due_film_says_how_late_the_worker_is(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert await invariants.oldest_due_seconds(connection) == 0
        for film, due in ((1, "- interval '1 minute'"), (2, "- interval '1 hour'"), (3, "+ interval '1 hour'")):
            query = f"INSERT INTO film_sync (kinopoisk_id, next_attempt_at) VALUES ({film}, now() {due})"
            await connection.execute(text(query))
        assert 3_600 <= await invariants.oldest_due_seconds(connection) < 3_660


async def test_details_that_are_older_than_they_were_went_back(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(
            text(READY.replace("status", "fetched_at, status").replace("'ready'", "now(), 'ready'"))
        )
        before = await invariants.fetched(connection)
        assert invariants.went_back(before, await invariants.fetched(connection)) == []
        await connection.execute(text("UPDATE film_sync SET fetched_at = fetched_at - interval '1 second'"))
        assert invariants.went_back(before, await invariants.fetched(connection)) == [301]
