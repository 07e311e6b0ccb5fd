"""Servers of a test run: frozen, stopped, revived."""

import os
import signal
import socket
from collections.abc import Iterator

import asyncpg
import pytest
from redis import Redis, RedisError

from dev.problems import CannotStart
from dev.testing import Servers, embedded_servers
from tests.launcher.conftest import fetch, until


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with embedded_servers() as running:
        yield running


async def test_frozen_database_does_not_answer_and_comes_back(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.postgres.url)
    servers.postgres.pause()
    try:
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT 1", timeout=0.2)
    finally:
        servers.postgres.resume()
    await connection.close()
    assert (await fetch(servers.postgres.url, "SELECT 1"))[0][0] == 1


async def test_stopped_database_comes_back_on_its_port_with_its_rows(servers: Servers) -> None:
    url = servers.postgres.url
    await fetch(url, "CREATE TABLE kept AS SELECT 7 AS number")
    servers.postgres.stop()
    servers.postgres.stop()
    with pytest.raises(OSError, match="Connect call failed"):
        await fetch(url, "SELECT 1")
    servers.postgres.start()
    assert servers.postgres.url == url
    assert (await fetch(url, "SELECT number FROM kept"))[0][0] == 7


def test_frozen_and_stopped_redis(servers: Servers) -> None:
    url = servers.redis.url
    with Redis.from_url(url, socket_timeout=0.2) as redis:
        redis.set("film", "301")
        servers.redis.pause()
        with pytest.raises(RedisError):
            redis.get("film")
        servers.redis.stop()
        with pytest.raises(RedisError):
            redis.get("film")
        servers.redis.start()
        assert servers.redis.url == url
        assert redis.get("film") is None


def test_port_lost_to_somebody_else_is_told(servers: Servers) -> None:
    servers.redis.stop()
    with socket.create_server(("127.0.0.1", servers.redis.port)), pytest.raises(CannotStart, match="somebody else"):
        servers.redis.start()
    servers.redis.start()


def test_two_runs_side_by_side_and_nothing_left(servers: Servers) -> None:
    with embedded_servers() as others:
        assert others.postgres.port != servers.postgres.port
        files = others.postgres.files
        assert files.exists()
    assert not files.exists()


def test_kill_is_survived_by_the_next_start(servers: Servers) -> None:
    server = servers.redis._server
    assert server.child
    os.kill(server.child.process.pid, signal.SIGKILL)
    until(lambda: server.child is not None and not server.child.running, "the end of Valkey")
    servers.redis.stop()
    servers.redis.start()
