"""As many stored films and favourites as one likes, put into a running service's database in bulk.

A film is a copy of one that the service has fetched, under an id of its own, and not due for a month.
"""

from itertools import islice

import asyncpg

from bench.crowd import crowd
from bench.people import expected, films
from bench.stack import Stack

ORIGINALS = 20

# Behind all ids that the sandbox knows.
FIRST = 200_000_000
FILMS = f"""
    INSERT INTO film (kinopoisk_id, document, detail, fetched_at, version, year, votes, rating, genres, names)
    SELECT {FIRST} + number,
        replace(document, '"kinopoisk_id":' || kinopoisk_id || ',', '"kinopoisk_id":' || {FIRST} + number || ','),
        detail, fetched_at, version, year, votes, rating, genres, names
    FROM generate_series(0, $1::int - 1) AS number JOIN (
        SELECT *, row_number() OVER (ORDER BY kinopoisk_id) - 1 AS place, count(*) OVER () AS many
        FROM film WHERE detail = 'full'
    ) AS fetched ON place = number % many
"""
WORK = f"""
    INSERT INTO film_sync (kinopoisk_id, status, priority, next_attempt_at, fetched_at, fresh_until)
    SELECT {FIRST} + number, 'ready', 1, now() + interval '30 days', now(), now() + interval '30 days'
    FROM generate_series(0, $1::int - 1) AS number
"""
PEOPLE = """
    INSERT INTO user_account (id, username, username_folded, password_hash)
    SELECT gen_random_uuid(), $1 || number, $1 || number, 'none' FROM generate_series(1, $2::int) AS number
"""
# Everybody has another stretch of the films, so that all films are somebody's.
FAVOURITES = f"""
    INSERT INTO favourite (user_id, kinopoisk_id, added_at)
    SELECT id, {FIRST} + (place * $2 + number) % $3::int, now() - number * interval '1 s' FROM (
        SELECT id, row_number() OVER (ORDER BY username) AS place FROM user_account
        WHERE username ~ ('^' || $1::text || '[0-9]+$')
    ) AS person, generate_series(0, $2::int - 1) AS number
"""


async def store_copies(stack: Stack, count: int) -> None:
    """Films FIRST, FIRST + 1…: so many copies of some that are fetched for it."""
    [somebody] = await crowd(stack, 1, "opener")
    for film in islice(films(), ORIGINALS):
        expected(await somebody.open(film), 200)
    somebody.leave()
    await _run(stack, (FILMS, count), (WORK, count))


async def store_people(stack: Stack, name: str, people: int) -> None:
    """Accounts name1, name2… that nobody can log in to."""
    await _run(stack, (PEOPLE, name, people))


async def store_favourites(stack: Stack, name: str, each: int, films: int) -> None:
    """So many favourites of the copies for everybody whose name is this with a number."""
    await _run(stack, (FAVOURITES, name, each, films))


async def _run(stack: Stack, *statements: tuple[object, ...]) -> None:
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        for statement, *arguments in statements:
            await connection.execute(statement, *arguments)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
