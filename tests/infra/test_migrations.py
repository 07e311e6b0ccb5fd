"""Migrations: one line of them, there and back, in step with the tables, and never waiting long for a lock."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from dev.testing import Servers
from shared import schema
from tests.infra.conftest import new_database

ROOT = Path(__file__).parents[2]

NOTE_LOCK_TIMEOUT = """
    CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(64) PRIMARY KEY);
    CREATE TABLE noted (lock_timeout text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO noted VALUES (current_setting('lock_timeout')); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT OR DELETE ON alembic_version EXECUTE FUNCTION note();
"""


@pytest.fixture
def url(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, where alembic is pointed to."""
    with new_database(servers) as address:
        monkeypatch.setenv("KINOSHELF__POSTGRES__URL", address)
        yield address


@pytest.fixture
def config() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")


def asked(url: str, statement: str) -> list[Any]:
    """The first column of each row."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def execute(url: str, script: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    asyncio.run(run())


def tables(url: str) -> set[str]:
    return set(asked(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


def test_there_is_one_newest_migration_and_the_code_needs_it(config: Config) -> None:
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_a_schema_of_a_later_release_is_left_alone(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    execute(url, "UPDATE alembic_version SET version_num = '9999_01_01_0000_later'")
    command.upgrade(config, "head")
    assert asked(url, "SELECT version_num FROM alembic_version") == ["9999_01_01_0000_later"]


def test_there_and_back_and_there_again(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    first = tables(url)
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "head")
    assert tables(url) == first


def test_nothing_but_tables_is_left_behind_on_the_way_back(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    left = """
        SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic%'
        UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typname !~ 'alembic'
    """
    assert asked(url, left) == []


def test_tables_and_migrations_agree(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    command.check(config)


def test_upgrading_twice_changes_nothing(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    command.upgrade(config, "head")
    assert asked(url, "SELECT version_num FROM alembic_version") == [schema.REVISION]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_no_migration_waits_long_for_a_lock(config: Config, url: str, direction: str) -> None:
    if direction == "down":
        command.upgrade(config, "head")
    execute(url, NOTE_LOCK_TIMEOUT)
    (command.upgrade(config, "head") if direction == "up" else command.downgrade(config, "base"))
    assert asked(url, "SELECT DISTINCT lock_timeout FROM noted") == ["4s"]


def test_a_printed_migration_sets_the_lock_timeout_first(config: Config, url: str) -> None:
    printed = io.StringIO()
    config.output_buffer = printed
    command.upgrade(config, "head", sql=True)
    statements = [line for line in printed.getvalue().splitlines() if line and not line.startswith("--")]
    assert statements[:2] == ["BEGIN;", "SET LOCAL lock_timeout = '4s';"]


def test_a_migration_that_fails_leaves_nothing(config: Config, url: str) -> None:
    execute(url, "CREATE TABLE session (id int)")
    with pytest.raises(Exception, match="already exists"):
        command.upgrade(config, "head")
    assert tables(url) == {"session"}


def test_a_migration_without_a_database_says_so_in_one_sentence(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KINOSHELF__POSTGRES__URL", raising=False)
    with pytest.raises(SystemExit, match=r"postgres.* missing"):
        command.upgrade(config, "head")


async def test_the_schema_of_today_passes(database: AsyncEngine) -> None:
    await schema.check_schema(database)


@pytest.mark.parametrize("revision", [None, "2020_01_01_older"])
def test_another_schema_is_named_with_what_to_run(url: str, revision: str | None) -> None:
    if revision:
        execute(
            url, f"CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('{revision}')"
        )

    async def check() -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        try:
            await schema.check_schema(engine)
        finally:
            await engine.dispose()

    with pytest.raises(schema.SchemaBehind) as caught:
        asyncio.run(check())
    sentence = str(caught.value)
    assert f"is at {revision or 'nothing'}," in sentence
    assert schema.REVISION in sentence
    assert sentence.endswith("Run: python -m alembic upgrade head")


def test_a_request_id_in_the_queue_is_no_longer_than_a_request_may_send(config: Config, url: str) -> None:
    command.upgrade(config, "head")
    insert = "INSERT INTO film_sync (kinopoisk_id, request_id) VALUES ({length}, repeat('x', {length}))"
    execute(url, insert.format(length=64))
    with pytest.raises(asyncpg.CheckViolationError):
        execute(url, insert.format(length=65))


def test_films_that_were_claimed_before_an_upgrade_are_no_worse_for_it(config: Config, url: str) -> None:
    command.upgrade(config, "2026_11_25_1000_request_ids")
    execute(url, "INSERT INTO film_sync (kinopoisk_id, attempts, claimed_at) VALUES (301, 2, now())")
    command.upgrade(config, "head")
    assert asked(url, "SELECT (attempts, lost_leases) FROM film_sync") == [(2, 0)]


def test_nobody_has_an_account_until_somebody_registers(url: str, config: Config) -> None:
    command.upgrade(config, "head")
    assert asked(url, "SELECT count(*) FROM user_account") == [0]
