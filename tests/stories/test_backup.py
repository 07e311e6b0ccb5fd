"""A dump brings everything back that a client could miss: accounts, sessions, favourites, films."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from dev.postgres_programs import find_programs
from dev.testing import Servers
from shared.settings import Settings
from tests.client import Client
from tests.conftest import changed, serving

RESTORED = "restored"


async def run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs."""
    process = await asyncio.create_subprocess_exec(find_programs(None).folder / program, *arguments)
    assert await process.wait() == 0


async def anew(url: str) -> str:
    """An empty database beside this one."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {RESTORED}"))
    await engine.dispose()
    return make_url(url).set(database=RESTORED).render_as_string(hide_password=False)


@pytest.mark.usefixtures("worker")
async def test_a_dump_restored_into_an_empty_database_is_the_whole_service(
    settings: Settings, servers: Servers, anna: Client, tmp_path: Path
) -> None:
    await anna.add(301)
    before = await anna.until(301, "ready")
    await run("pg_dump", "--format=custom", f"--file={tmp_path / 'kinoshelf.dump'}", servers.postgres.url)
    elsewhere = await anew(settings.postgres.url.get_secret_value())
    plain = elsewhere.replace("+asyncpg", "")
    await run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={plain}", str(tmp_path / "kinoshelf.dump"))
    async with serving(changed(settings, postgres={"url": SecretStr(elsewhere)})) as service:
        assert await Client(service.http, anna.token).item(301) == before
        assert await (await service.login("anna")).ids() == [301]
