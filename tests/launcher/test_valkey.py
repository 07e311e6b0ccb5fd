"""The embedded Valkey."""

import importlib.util
import shutil
import socket
from pathlib import Path

import pytest
from redis import Redis, RedisError

from dev import valkey
from dev.problems import CannotStart
from dev.valkey import Valkey, embedded_valkey


def test_valkey_keeps_its_data_and_asks_for_the_password(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")  # a locale that is not installed must not matter
    with embedded_valkey(data) as server:
        assert server.version.count(".") == 2
        with Redis.from_url(server.url) as redis:
            redis.set("film", "301")
            memory = redis.config_get("maxmemory*")
        assert memory == {"maxmemory": str(64 * 1024**2), "maxmemory-policy": "volatile-ttl"} | {
            name: memory[name] for name in memory if name not in {"maxmemory", "maxmemory-policy"}
        }
        with Redis(port=server.port) as stranger, pytest.raises(RedisError):
            stranger.get("film")
    with embedded_valkey(data) as server, Redis.from_url(server.url) as redis:
        assert redis.get("film") == b"301"


def test_valkey_exchanges_a_taken_port_a_few_times(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "TRIES", 2)
    monkeypatch.setattr(valkey, "ANSWER_SECONDS", 0.2)
    server = Valkey(data, durable=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = server.port = taken.getsockname()[1]
        server.start()
        assert server.port != port
        server.stop()
        server.port = port
        monkeypatch.setattr(valkey, "free_port", lambda: port)
        with pytest.raises(CannotStart, match="no free port"):
            server.start()


def test_valkey_that_cannot_start_is_quoted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "CONFIGURATION", "nonsense {port}{password}{folder}{append}")
    with pytest.raises(CannotStart, match="Valkey ended"), embedded_valkey(data):
        pass


def test_valkey_of_the_system_is_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "redis-server" else None)
    assert valkey.find_program() == Path("/usr/bin/redis-server")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CannotStart, match="There is no Valkey"):
        valkey.find_program()
