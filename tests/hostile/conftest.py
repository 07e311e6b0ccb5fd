"""One service for all hostile requests of a module: none of them may change it, so none disturbs the next."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.protocol import BoundedHttpProtocol
from dev.sandbox.options import Options
from dev.sandbox.server import RunningSandbox, running_sandbox
from dev.testing import Servers
from shared.settings import Settings
from shared.tables import metadata
from tests.client import Service, eventually
from tests.conftest import GENEROUS_LIMITS, KEY, SECRET, serving
from tests.hostile.fort import Fort
from tests.hostile.sent import NOTEBOOK, Record, noting


@asynccontextmanager
async def emptied(servers: Servers) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(
        servers.postgres.url.replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    yield engine
    await engine.dispose()


def fort_settings(servers: Servers, sandbox: RunningSandbox) -> Settings:
    fast = {"rate_per_second": 1000, "burst": 1000, "search_rate_per_second": 1000, "search_burst": 1000}
    return Settings.model_validate(
        {
            "auth": {"jwt_keys": [{"id": "test", "secret": SECRET}], "argon2_memory_kib": 8, "argon2_rounds": 1},
            "postgres": {"url": servers.postgres.url},
            "redis": {"url": servers.redis.url},
            "kinopoisk": {"base_url": sandbox.url, "api_key": KEY, **fast},
            "limits": GENEROUS_LIMITS,
        }
    )


@pytest.fixture(scope="module")
async def fort(migrated: Servers) -> AsyncIterator[Fort]:
    unlimited = Options(quota=-1, rate=0, search_rate=0)
    async with (
        emptied(migrated) as database,
        running_sandbox(unlimited) as sandbox,
        serving(fort_settings(migrated, sandbox)) as service,
    ):
        yield await furnished(service, database)


@asynccontextmanager
async def listening(app: Any, protocol: type[BoundedHttpProtocol]) -> AsyncIterator[int]:
    """As api.__main__ serves it, in this loop and on a free port: this one."""
    config = uvicorn.Config(
        app,
        http=protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # Named as TCP, so that asyncio sends small pieces at once.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([listener]))

        async def started() -> bool:
            return server.started

        await eventually(started)
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


async def furnished(service: Service, database: AsyncEngine) -> Fort:
    anna = await service.user("anna")
    assert (await anna.add(301)).status_code == 202
    clara = await service.user("clara")
    assert [(await clara.add(film)).status_code for film in (302, 303)] == [202, 202]
    assert (await clara.hide(304)).status_code == 204
    service.http.event_hooks = {"response": [noting(anna.token)]}
    return Fort(anna, clara, database)


@pytest.fixture
async def unharmed(fort: Fort, record_property: Record) -> AsyncIterator[None]:
    """Accounts, sessions and favourites are afterwards what they were."""
    before = await fort.treasure()
    with NOTEBOOK.open(record_property):
        yield
    assert await fort.treasure() == before
