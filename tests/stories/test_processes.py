"""The real processes: started by their commands, stopped and killed by signals."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.ports import free_port
from dev.sandbox.server import RunningSandbox
from dev.testing import Servers
from shared import wiring
from shared.live_workers import LiveWorkers
from shared.settings import Settings
from tests.client import Client, eventually
from tests.conftest import SECRET

Environment = dict[str, str]


@pytest.fixture
def environment(settings: Settings, servers: Servers, sandbox: RunningSandbox, guard: dict[str, str]) -> Environment:
    """The settings of the test, as variables."""
    return {
        **os.environ,
        **guard,
        "KINOSHELF__AUTH__JWT_KEYS": json.dumps([{"id": "test", "secret": SECRET}]),
        "KINOSHELF__POSTGRES__URL": servers.postgres.url,
        "KINOSHELF__REDIS__URL": servers.redis.url,
        "KINOSHELF__KINOPOISK__BASE_URL": sandbox.url,
        "KINOSHELF__KINOPOISK__API_KEY": "sandbox-key",
        "KINOSHELF__CATALOGUE__ENABLED": "false",
        "KINOSHELF__ENRICHMENT__LEASE_SECONDS": "2",
        "KINOSHELF__KINOPOISK__DEADLINE_SECONDS": "1.5",
        "KINOSHELF__ENRICHMENT__SWEEP_SECONDS": "1",
    }


def worker_process(environment: Environment) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return process_of("worker", environment)


@asynccontextmanager
async def process_of(module: str, environment: Environment) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def fetching(sandbox: RunningSandbox) -> Callable[[], asyncio.Future[bool]]:
    async def look() -> bool:
        return bool((await sandbox.calls())["in_flight"])

    return lambda: asyncio.ensure_future(look())


async def test_sigterm_finishes_what_is_being_fetched(
    anna: Client, environment: Environment, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("latency", path="film", seconds=0.5)
    async with worker_process(environment) as process:
        await anna.add(301)
        await eventually(fetching(sandbox))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert (await anna.item(301))["status"] == "ready"


async def test_a_killed_worker_loses_nothing_and_another_takes_over_when_the_lease_ends(
    anna: Client, environment: Environment, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    await sandbox.fault("hang", path="film", times=1)
    async with worker_process(environment) as process:
        await anna.add(301)
        await eventually(fetching(sandbox))
        process.kill()
        await process.wait()
    async with worker_process(environment):
        await anna.until(301, "ready")
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT claim_seq FROM film_sync")) == 2


async def test_a_worker_is_healthy_while_its_loop_turns_and_leaves_at_once_when_it_stops(
    environment: Environment, settings: Settings, database: AsyncEngine, tmp_path: Path
) -> None:
    environment |= {"KINOSHELF__WORKER__HEARTBEAT_FILE": str(tmp_path / "beat")}
    redis = wiring.patient_redis(settings)
    live = LiveWorkers(redis)
    async with worker_process(environment) as process:
        await eventually(live.count, 20)
        assert await is_healthy(environment)
        process.send_signal(signal.SIGSTOP)
        os.utime(tmp_path / "beat", (1, 1))
        assert not await is_healthy(environment)
        process.send_signal(signal.SIGCONT)
        await eventually(lambda: is_healthy(environment), 20)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert await live.count() == 0
    assert not await is_healthy(environment)
    await redis.close()


async def is_healthy(environment: Environment) -> bool:
    """What the health check of its container says."""
    check = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.health", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    return await check.wait() == 0


async def test_a_stopped_api_answers_what_it_was_asked_before(
    anna: Client, environment: Environment, sandbox: RunningSandbox
) -> None:
    port = free_port()
    await sandbox.fault("latency", path="film", seconds=0.5)
    async with (
        process_of("api", {**environment, "KINOSHELF__API__PORT": str(port)}) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        elsewhere = Client(http, anna.token)
        await eventually(lambda: ready(http), 20)
        opening = asyncio.create_task(elsewhere.get("/movies/301"))
        await eventually(fetching(sandbox))
        process.send_signal(signal.SIGTERM)
        assert (await opening).status_code == 200
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def ready(http: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await http.get("/health/ready")).status_code == 200
    return False
