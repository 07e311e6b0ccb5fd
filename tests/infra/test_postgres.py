"""Connections to PostgreSQL: one engine writes, one cannot, both are bounded and outlive a restart."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from shared import postgres
from tests.client import Client, eventually
from tests.infra.conftest import taken_port

POOL: dict[str, Any] = {"pool_size": 3, "pool_timeout": 0.3, "command_timeout": 2}
READ_ONLY = "25006"
ENGINES = {"write": postgres.write_engine, "read": postgres.read_engine}


@pytest.fixture
async def reader(migrated: Servers) -> AsyncIterator[AsyncEngine]:
    engine = postgres.read_engine(driver_url(migrated), "test-read", **POOL)
    yield engine
    await engine.dispose()


@pytest.fixture
async def writer(migrated: Servers) -> AsyncIterator[AsyncEngine]:
    engine = postgres.write_engine(driver_url(migrated), "test-write", **POOL)
    yield engine
    await engine.dispose()


def driver_url(servers: Servers) -> str:
    return servers.postgres.url.replace("postgresql://", "postgresql+asyncpg://")


async def ask(engine: AsyncEngine, statement: str, **values: Any) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text(statement), values)


async def filled(engine: AsyncEngine) -> list[Any]:
    """Every connection of the pool is open; asyncpg's own, to look at."""
    gate = asyncio.Barrier(POOL["pool_size"])

    async def opened() -> Any:
        async with engine.connect() as connection:
            await connection.scalar(text("SELECT 1"))
            await gate.wait()
            return (await connection.get_raw_connection()).driver_connection

    return await asyncio.gather(*(opened() for _ in range(POOL["pool_size"])))


async def all_closed(connections: list[Any]) -> None:
    async def closed() -> bool:
        return all(connection.is_closed() for connection in connections)

    await eventually(closed, 5, "the connections notice")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO film_sync (kinopoisk_id) VALUES (1)",
        "UPDATE film_sync SET attempts = 0",
        "DELETE FROM favourite",
        "TRUNCATE film",
        "CREATE TABLE evil (id int)",
        "DROP TABLE film",
        "SELECT kinopoisk_id FROM film_sync FOR UPDATE",
    ],
)
async def test_what_writes_is_refused_by_postgresql_itself(reader: AsyncEngine, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        await ask(reader, statement)
    assert getattr(caught.value.orig, "sqlstate", None) == READ_ONLY


async def test_the_writing_engine_writes(writer: AsyncEngine, database: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await connection.execute(text("INSERT INTO film_sync (kinopoisk_id) VALUES (301)"))
    assert await ask(database, "SELECT count(*) FROM film_sync") == 1


async def test_a_failed_transaction_leaves_nothing(writer: AsyncEngine, database: AsyncEngine) -> None:
    async def fail() -> None:
        async with writer.begin() as connection:
            await connection.execute(text("INSERT INTO film_sync (kinopoisk_id) VALUES (301)"))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await ask(database, "SELECT count(*) FROM film_sync") == 0


async def test_a_query_opens_no_transaction(reader: AsyncEngine, database: AsyncEngine) -> None:
    async with reader.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        assert await ask(database, "SELECT state FROM pg_stat_activity WHERE pid = :pid", pid=pid) == "idle"


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("jit", "off"),
        ("application_name", "who-asks"),
    ],
)
async def test_the_server_itself_ends_what_we_forget(migrated: Servers, kind: str, name: str, value: str) -> None:
    engine = ENGINES[kind](driver_url(migrated), "who-asks", **POOL)
    assert await ask(engine, f"SHOW {name}") == value
    await engine.dispose()


async def test_who_finds_no_connection_waits_no_longer_than_set(reader: AsyncEngine) -> None:
    held = [await reader.connect() for _ in range(POOL["pool_size"])]
    started = time.monotonic()
    with pytest.raises(PoolTimeout):
        await reader.connect()
    assert time.monotonic() - started < 10  # SQLAlchemy's own default is 30 seconds
    for connection in held:
        await connection.close()


async def test_a_server_that_says_nothing_is_given_up(migrated: Servers) -> None:
    with taken_port(listening=True) as port:
        engine = postgres.read_engine(f"postgresql+asyncpg://u:p@127.0.0.1:{port}/d", "x", **POOL)
        async with asyncio.timeout(2):
            with pytest.raises(TimeoutError):
                await ask(engine, "SELECT 1")
        await engine.dispose()


async def test_an_error_does_not_tell_what_was_sent(reader: AsyncEngine) -> None:
    with pytest.raises(DBAPIError) as caught:
        await ask(reader, "SELECT 1 / CAST(:zero AS int), CAST(:word AS text)", zero=0, word="kanarienvogel")
    assert "kanarienvogel" not in str(caught.value) + repr(caught.value)


async def test_no_form_of_an_engine_tells_the_password(migrated: Servers) -> None:
    engine = postgres.read_engine("postgresql+asyncpg://u:kanarienvogel@h/d", "x", **POOL)
    assert "kanarienvogel" not in f"{engine} {engine!r} {engine.url} {engine.sync_engine!r}"


async def test_connections_that_the_server_ended_cost_no_request(reader: AsyncEngine, database: AsyncEngine) -> None:
    open_ones = await filled(reader)
    await ask(
        database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'test-read'"
    )
    await all_closed(open_ones)
    assert await asyncio.gather(*(ask(reader, "SELECT 1") for _ in range(9))) == [1] * 9


@pytest.mark.parametrize("kind", ENGINES)
async def test_an_engine_outlives_a_restart_without_a_failed_request(migrated: Servers, kind: str) -> None:
    engine = ENGINES[kind](driver_url(migrated), "test", **POOL)
    open_ones = await filled(engine)
    restart(migrated)
    await all_closed(open_ones)
    assert await asyncio.gather(*(ask(engine, "SELECT 1") for _ in range(9))) == [1] * 9
    await engine.dispose()


async def test_the_api_outlives_a_restart_without_a_failed_request(anna: Client, migrated: Servers) -> None:
    before = await asyncio.gather(*(anna.get("/profile") for _ in range(8)), *(anna.add(id_) for id_ in range(1, 5)))
    restart(migrated)
    for _ in range(50):  # a loop that had gone on would have seen the connections end
        await asyncio.sleep(0)
    after = await asyncio.gather(*(anna.get("/profile") for _ in range(8)), *(anna.add(id_) for id_ in range(1, 5)))
    assert [answer.status_code for answer in before + after] == ([200] * 8 + [202] * 4) * 2


async def test_what_was_stored_is_there_after_a_restart(anna: Client, migrated: Servers) -> None:
    await anna.add(301)
    restart(migrated)
    for _ in range(50):
        await asyncio.sleep(0)
    assert await anna.ids() == [301]


def restart(servers: Servers) -> None:
    servers.postgres.stop()
    servers.postgres.start()


async def test_a_database_that_hangs_keeps_nobody_from_leaving(
    reader: AsyncEngine, writer: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = await filled(writer)
    monkeypatch.setattr(postgres, "FAREWELL_SECONDS", 0.05)
    with monkeypatch.context() as patch:
        dispose = AsyncEngine.dispose

        async def hang(engine: AsyncEngine) -> None:
            await (asyncio.Event().wait() if engine is reader else dispose(engine))

        patch.setattr(AsyncEngine, "dispose", hang)
        async with asyncio.timeout(10):
            await postgres.close(reader, writer)
    await all_closed(connections)
