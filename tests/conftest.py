"""Real PostgreSQL, real Valkey, the sandbox over HTTP; the service itself runs in this process."""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from alembic import command
from alembic.config import Config
from redis import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.main import create_app
from dev.sandbox.options import Options
from dev.sandbox.server import RunningSandbox, running_sandbox
from dev.testing import Servers, embedded_servers
from shared.settings import Settings
from shared.tables import metadata
from tests.client import Client, Service
from tests.declared import Declared, statuses_of
from tests.recorded import Recorded, recorded_metrics
from tests.worker_process import Worker

SECRET = "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"
KEY = "sandbox-key"
# No test comes near one, unless it is about that one.
GENEROUS_LIMITS = {
    "upstream_calls_per_user_hour": 1_000,
    "requests_per_second": 10_000,
    "request_burst": 100_000,
    "concurrent_requests": 10_000,
    "logins_per_address_minute": 100_000,
    "login_tries": 10_000,
    "login_delay_seconds": 0,
    "registrations_per_address_hour": 100_000,
}
ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples", type=int, default=5, help="how many tests/contract makes up for each operation")


def pytest_configure(config: pytest.Config) -> None:
    from tests import canaries, summary

    config.pluginmanager.register(canaries, "canaries")
    config.pluginmanager.register(summary, "summary")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """Neither a settings.toml nor variables of the shell reach a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("KINOSHELF"):
                patch.delenv(name)
        patch.setenv("KINOSHELF_SETTINGS", os.devnull)
        yield


@pytest.fixture
def examples(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("examples"))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey of this test run."""
    from tests.leaks import SECRETS

    with embedded_servers() as started:
        SECRETS["the password of the test database"] = re.escape(urlsplit(started.postgres.url).password or "none")
        yield started


@pytest.fixture(scope="session")
def alembic_config(servers: Servers) -> Iterator[Config]:
    """Alembic, pointed at the test database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINOSHELF__POSTGRES__URL", servers.postgres.url)
        yield Config(toml_file=ROOT / "pyproject.toml")


@pytest.fixture(scope="session")
def migrated(servers: Servers, alembic_config: Config) -> Servers:
    """The servers with the schema of today."""
    command.upgrade(alembic_config, "head")
    return servers


@pytest.fixture
async def database(migrated: Servers) -> AsyncIterator[AsyncEngine]:
    """An empty database, an empty Redis, and an engine of the test's own to look at the database."""
    with Redis.from_url(migrated.redis.url) as redis:
        redis.flushall()
    url = migrated.postgres.url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    yield engine
    await engine.dispose()


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    """A Kinopoisk of this test's own, without limits."""
    async with running_sandbox(Options(quota=-1, rate=0, search_rate=0)) as running:
        yield running


@pytest.fixture
def settings(migrated: Servers, sandbox: RunningSandbox) -> Settings:
    """Settings of a service on the test servers, with cheap password hashes."""
    return Settings.model_validate(
        {
            "auth": {"jwt_keys": [{"id": "test", "secret": SECRET}], "argon2_memory_kib": 8, "argon2_rounds": 1},
            "postgres": {"url": migrated.postgres.url},
            # Two test processes may share a core: what is slow is not away, so that calls can be counted.
            "redis": {"url": migrated.redis.url, "timeout_seconds": 5},
            "kinopoisk": {
                "base_url": sandbox.url,
                "api_key": KEY,
                "rate_per_second": 1000,
                "burst": 1000,
                "search_rate_per_second": 1000,
                "search_burst": 1000,
                "deadline_seconds": 4,
                "calls_at_once": 50,
            },
            "budget": {"daily_limit": -1},
            "limits": GENEROUS_LIMITS,
            # It would make calls in tests that count them.
            "catalogue": {"enabled": False},
            # They would take time from tests that do not look at them.
            "recommendations": {"rebuild": False},
            "enrichment": {"sweep_seconds": 1, "retry_base_seconds": 0.2, "lease_seconds": 5},
        }
    )


@pytest.fixture
def told() -> Iterator[Recorded]:
    """The metrics that this process tells during the test."""
    with recorded_metrics() as recorded:
        yield recorded


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes of the alarms that this process raises during the test."""
    raised: list[str] = []
    monkeypatch.setattr("shared.sentry.alarm", lambda code, _, **__: raised.append(code))
    return raised


Serve = Callable[..., Any]


@pytest.fixture
async def serve(settings: Settings, database: AsyncEngine) -> AsyncIterator[Callable[..., Any]]:
    """Start an API with other settings: `await serve(limits={"favorites_per_user": 2})`."""
    async with AsyncExitStack() as stack:

        async def start(**sections: dict[str, Any]) -> Service:
            return await stack.enter_async_context(serving(changed(settings, **sections)))

        yield start


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """The API in this process, as uvicorn would run it: lifespan, state, middleware."""
    app = create_app(settings)
    guarded = Declared(app, statuses_of(app))
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await guarded({**scope, "state": dict(state or {})}, receive, send)

        behind_a_proxy: Any = ProxyHeadersMiddleware(with_state)
        transport = httpx.ASGITransport(app=behind_a_proxy)
        async with httpx.AsyncClient(transport=transport, base_url="http://kinoshelf.test") as http:
            yield Service(http)


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    """The settings with other values in some sections."""
    dumped = {name: getattr(settings, name) for name in type(settings).model_fields}
    for name, values in sections.items():
        dumped[name] = getattr(settings, name).model_copy(update=values)
    return Settings.model_construct(**dumped)


@pytest.fixture
async def service(serve: Serve) -> Service:
    """The API, with nobody logged in."""
    started: Service = await serve()
    return started


@pytest.fixture
async def anna(service: Service) -> Client:
    """A logged-in user."""
    return await service.user("anna")


@pytest.fixture
async def worker(settings: Settings, database: AsyncEngine) -> AsyncIterator[Worker]:
    """A worker on the test servers, in this process, with arq ringing."""
    async with Worker.running(settings) as running:
        yield running
