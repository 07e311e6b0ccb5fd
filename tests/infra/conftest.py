"""What the tests of the foundation share: an emptied Valkey, clients with short bounds, empty databases."""

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from dev.testing import Servers
from shared.redis_client import PatientRedis, connect

TIMEOUT = 0.3
SKIP = 0.2

Patient = Callable[..., PatientRedis]


@pytest.fixture
async def patient(servers: Servers) -> AsyncIterator[Patient]:
    """Make clients of an emptied Valkey: `patient(skip_seconds=1)`."""
    made: list[PatientRedis] = []

    def make(
        url: str = servers.redis.url, timeout_seconds: float = TIMEOUT, skip_seconds: float = SKIP
    ) -> PatientRedis:
        made.append(PatientRedis(connect(url, timeout_seconds), timeout_seconds, skip_seconds))
        return made[-1]

    await make(timeout_seconds=5).call(lambda redis: redis.flushall())
    yield make
    for client in made:
        await client.close()


@pytest.fixture
def frozen(servers: Servers) -> Iterator[Callable[[], None]]:
    """Freeze Valkey; it is thawed at the end, whatever happened."""
    yield servers.redis.pause
    servers.redis.resume()


@contextmanager
def taken_port(*, listening: bool) -> Iterator[int]:
    """A port where nobody answers: refused, or taken by somebody who says nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if listening:
            taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def nowhere() -> Iterator[str]:
    """The address of a Redis that is not there."""
    with taken_port(listening=False) as port:
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def new_database(servers: Servers) -> Iterator[str]:
    """The address of an empty database that is dropped at the end. Not for use inside a running event loop."""
    name = f"empty_{uuid.uuid4().hex}"

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(servers.postgres.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(administer(f"CREATE DATABASE {name}"))
    try:
        yield f"{servers.postgres.url.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def empty_database(servers: Servers) -> Iterator[str]:
    """A database where no migration ever ran."""
    with new_database(servers) as url:
        yield url


def bare_environment() -> dict[str, str]:
    """The environment without any variable of ours."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("KINOSHELF")}
