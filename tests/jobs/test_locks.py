"""Who locks many rows: in the order of their ids, or not those that others hold. So nobody waits in a circle."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.settings import Settings
from tests.client import PASSWORD, Client, eventually
from worker.context import Context
from worker.jobs.films import move_up
from worker.jobs.projection import reconcile_films
from worker.jobs.sessions import purge_expired_sessions
from worker.jobs.upstream import purge_calls
from worker.main import opened

Sql = Callable[..., Awaitable[Any]]
Job = Callable[[Context], Awaitable[Any]]

WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
async def by_hand(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction of somebody else, which takes its locks one by one."""
    async with database.connect() as plain:
        yield await plain.execution_options(isolation_level="READ COMMITTED")


async def hold(connection: AsyncConnection, table: str, place: int) -> None:
    """The row at this place by its id, which is the first column."""
    row = f"SELECT ctid FROM {table} ORDER BY {table} LIMIT 1 OFFSET {place}"
    await connection.execute(text(f"SELECT FROM {table} WHERE ctid = ({row}) FOR UPDATE"))


@pytest.mark.parametrize("column", ["requested_by", "refresh_asked_by"])
async def test_a_deletion_locks_films_in_the_order_of_their_ids(
    anna: Client, sql: Sql, by_hand: AsyncConnection, column: str
) -> None:
    """The other takes the first film, then the second; they lie in the table the other way round."""
    anna_id = uuid.UUID((await anna.get("/profile")).json()["id"])
    for film in (2, 1):
        insert = f"INSERT INTO film_sync (kinopoisk_id, rank, {column}) VALUES (:film, :rank, :user)"
        await sql(insert, film=film, rank=2 - film, user=anna_id)
    await hold(by_hand, "film_sync", 0)
    deletion = asyncio.create_task(anna.send("DELETE", "/profile", json={"password": PASSWORD}))
    await eventually(lambda: sql(WAITING))
    await hold(by_hand, "film_sync", 1)
    await by_hand.commit()
    assert (await deletion).status_code == 204


FILMS_OF_A_USER = """
    WITH anna AS (
        INSERT INTO user_account (id, username, username_folded, password_hash)
        VALUES (gen_random_uuid(), 'anna', 'anna', '') RETURNING id
    )
    INSERT INTO film_sync (kinopoisk_id, requested_by, rank)
    SELECT number, id, number FROM anna, generate_series(1, 3) AS number
"""
EXPIRED = """
    WITH anna AS (
        INSERT INTO user_account (id, username, username_folded, password_hash)
        VALUES (gen_random_uuid(), 'anna', 'anna', '') RETURNING id
    )
    INSERT INTO session (id, user_id, expires_at) SELECT gen_random_uuid(), id, now() FROM anna, generate_series(1, 3)
"""
OLD_CALLS = "INSERT INTO upstream_call (kind, at) SELECT 'new', now() - interval '9 days' FROM generate_series(1, 3)"
LOST = "INSERT INTO film_sync (kinopoisk_id, status, priority) SELECT n, 'ready', 1 FROM generate_series(1, 3) AS n"
FELL_DUE = "SELECT count(*) FROM film_sync WHERE status = 'pending'"


@pytest.mark.parametrize(
    ("rows", "table", "job", "changed"),
    [
        (FILMS_OF_A_USER, "film_sync", move_up, "SELECT count(*) FROM film_sync WHERE rank = kinopoisk_id - 1"),
        (EXPIRED, "session", purge_expired_sessions, "SELECT 3 - count(*) FROM session"),
        (OLD_CALLS, "upstream_call", purge_calls, "SELECT 3 - count(*) FROM upstream_call"),
        (LOST, "film_sync", reconcile_films, FELL_DUE),
    ],
    ids=["move_up", "purge_expired_sessions", "purge_calls", "reconcile_films"],
)
async def test_a_job_leaves_out_what_others_hold_and_takes_it_the_next_time(
    settings: Settings, sql: Sql, by_hand: AsyncConnection, rows: str, table: str, job: Job, changed: str
) -> None:
    await sql(rows)
    await hold(by_hand, table, 1)
    async with opened(settings) as context:
        await job(context)
        assert await sql(changed) == 2
        await by_hand.commit()
        if job is not move_up:  # which comes to it when the gap is one again
            await job(context)
            assert await sql(changed) == 3
