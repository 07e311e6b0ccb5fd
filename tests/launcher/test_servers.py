"""The embedded servers: what they are, what they survive, what they refuse."""

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis import Redis, RedisError

from dev import accounts, postgres, postgres_cluster, postgres_programs, valkey
from dev.accounts import Account, database_account
from dev.interrupts import Interrupts, Stopped
from dev.postgres import Postgres, embedded_postgres
from dev.problems import CannotStart
from dev.testing import Servers, embedded_servers, temporary_data
from dev.valkey import Valkey, embedded_valkey
from tests.launcher.conftest import kill_all, until

RUSSIAN = "SELECT lower('ПРИВЕТ ЁЖ'), 'Матрица' ILIKE 'мАТР%', similarity('Матрица', 'матрица')"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root's ways")


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a stopped database: making one takes longest, so it is made once and copied."""
    with temporary_data() as folder:
        with embedded_postgres(folder, durable=False):
            pass
        yield folder


@pytest.fixture
def database(made: Path, data: Path) -> Path:
    """A data folder of one's own with a database in it."""
    subprocess.run(["cp", "-a", f"{made}/.", str(data)], check=True)
    return data


async def fetch(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def test_database_knows_russian_and_survives(database: Path) -> None:
    with embedded_postgres(database) as server:
        await fetch(server.url, "CREATE EXTENSION pg_trgm")
        assert tuple((await fetch(server.url, RUSSIAN))[0]) == ("привет ёж", True, 1.0)
        await fetch(server.url, "CREATE TABLE film AS SELECT 301 AS id")
        assert (await fetch(server.url, "SHOW fsync"))[0][0] == "on"
    with embedded_postgres(database) as server:
        assert (await fetch(server.url, "SELECT id FROM film"))[0][0] == 301


async def test_only_the_password_opens_it(database: Path) -> None:
    with embedded_postgres(database, durable=False) as server:
        assert (await fetch(server.url, "SHOW fsync"))[0][0] == "off"
        bare = f"127.0.0.1:{server.port}/kinoshelf"
        for user in ("kinoshelf:wrong", "postgres:postgres"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await fetch(f"postgresql://{user}@{bare}", "SELECT 1")
    secret = database / "postgres-password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert secret.read_text().strip() not in (database / "postgres.log").read_text()


async def test_lost_password_is_set_anew(database: Path) -> None:
    (database / "postgres-password").unlink()
    with embedded_postgres(database, durable=False) as server:
        assert (await fetch(server.url, "SELECT 1"))[0][0] == 1


async def test_starts_again_after_a_kill(database: Path) -> None:
    server = Postgres(database, durable=False)
    server.start()
    assert server.child
    kill_all([server.child.process.pid])
    server.child.process.wait()
    with embedded_postgres(database, durable=False) as again:
        assert (await fetch(again.url, "SELECT 1"))[0][0] == 1


def test_second_server_on_the_same_files_is_refused(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_cluster, "LEAVING_SECONDS", 0.1)
    with embedded_postgres(database, durable=False) as server:
        assert server.child
        with pytest.raises(CannotStart, match=rf"already runs on .* \(process {server.child.process.pid}\)"):
            Postgres(database)


def test_pid_of_a_stranger_is_not_believed(database: Path) -> None:
    pid_file = database / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{database}\n")
    with embedded_postgres(database, durable=False) as server:
        assert server.child
        assert pid_file.read_text().startswith(f"{server.child.process.pid}\n")


def test_files_of_another_version_are_refused(database: Path) -> None:
    (database / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="was made by PostgreSQL 9"):
        Postgres(database)


def test_files_of_another_user_are_refused(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = (database / "postgres").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(CannotStart, match="belongs to another user"):
        Postgres(database)


def test_taken_port_is_exchanged(database: Path) -> None:
    server = Postgres(database, durable=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.port = taken.getsockname()[1]
        server.start()
        assert server.port != taken.getsockname()[1]
        server.stop()


def test_broken_start_is_quoted_and_a_stop_is_obeyed(database: Path) -> None:
    settings = database / "postgres" / "postgresql.conf"
    settings.write_text("nonsense = 1\n")
    with pytest.raises(CannotStart, match="nonsense"), embedded_postgres(database):
        pass
    interrupts = Interrupts()
    server = Postgres(database, interrupts=interrupts)
    interrupts.ask()
    with pytest.raises(Stopped):
        server.start()
    assert server.child is None


def test_failed_statement_of_the_set_up_is_told(database: Path) -> None:
    (database / "postgres-password").write_text("'" * 40)
    (database / "postgres-password").chmod(0o600)
    cluster = postgres_cluster.open_cluster(database, durable=False, interrupts=Interrupts())
    with pytest.raises(CannotStart, match="could not be set up"):
        postgres_cluster._run_sql(cluster, cluster.files, "SELECT nothing_of_the_kind()", Interrupts())


def test_gives_up_after_some_tries(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "TRIES", 1)
    server = Postgres(database, durable=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match="did not start after 1 tries"):
            server.start()


@as_root
def test_closed_parent_sends_the_files_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setattr(accounts, "OPEN_ROOM", data / "room")
    tmp_path.chmod(0o700)
    closed = tmp_path / "data"
    closed.mkdir()
    server = Postgres(closed, durable=False)
    assert (closed / "postgres").is_symlink()
    assert server.cluster.files.resolve().is_relative_to(data / "room")
    server.start()
    server.stop()
    again = Postgres(closed, durable=False)
    assert again.cluster.files.resolve() == server.cluster.files.resolve()


@as_root
def test_root_loosens_its_own_folder_only_as_far_as_needed(data: Path) -> None:
    folder = data / "data"
    folder.mkdir(mode=0o700)
    nobody = database_account(folder / "postgres")
    assert nobody
    assert accounts.home_for(nobody, folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711


@as_root
def test_room_must_be_roots_own(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "OPEN_ROOM", data / "room")
    (data / "room").mkdir()
    (data / "room").chmod(0o777)
    with pytest.raises(CannotStart, match="must be a folder that belongs to root"):
        accounts.open_room()
    monkeypatch.setattr(accounts, "OPEN_ROOM", data / "file" / "room")
    (data / "file").touch()
    with pytest.raises(CannotStart, match="Cannot make"):
        accounts.open_room()


def test_which_user_runs_the_database(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert database_account(data / "postgres") is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "stat", lambda _path: os.stat_result((0o40700, 0, 0, 0, 4321, 99, 0, 0, 0, 0)))
    monkeypatch.setattr(Path, "exists", lambda _path: True)
    assert database_account(data) == Account("4321", 4321, 99)
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    monkeypatch.setattr(accounts, "UNPRIVILEGED", ("no-such-user",))
    with pytest.raises(CannotStart, match="refuses to run as root"):
        database_account(data)


def test_root_that_may_not_change_users(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(CannotStart, match="may not change users"):
        accounts.can_pass(Account("nobody", 65534, 65534), Path("/"))
    assert accounts.can_pass(None, Path("/"))


def test_programs_of_the_system_are_the_fallback(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_programs, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(postgres_programs, "SYSTEM", data)
    with pytest.raises(CannotStart, match="There is no PostgreSQL"):
        postgres_programs.find_programs(None)
    for version, says in (("9", "9.6"), ("15", "15.18"), ("nonsense", "1")):
        programs = data / version / "bin"
        programs.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (programs / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {says}'\n")
            (programs / name).chmod(0o755)
    found = postgres_programs.find_programs(None)
    assert (found.version, found.major, found.folder) == ("15.18", 15, data / "15" / "bin")
    (data / "15" / "bin" / "postgres").write_text("#!/bin/sh\necho 'wrong machine' >&2\n")
    with pytest.raises(CannotStart, match="wrong machine"):
        postgres_programs.find_programs(None)


def test_copy_for_others_is_made_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_programs, "open_room", lambda: data)
    monkeypatch.setattr(postgres_programs, "can_pass", lambda _account, path: data in path.parents)
    first = postgres_programs.find_programs(None)
    assert data in first.folder.parents
    made_at = first.folder.stat().st_mtime_ns
    assert postgres_programs.find_programs(None) == first
    assert first.folder.stat().st_mtime_ns == made_at


def test_valkey_keeps_its_data_and_asks_for_the_password(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")  # a locale that is not installed must not matter
    with embedded_valkey(data) as server:
        assert server.version.count(".") == 2
        with Redis.from_url(server.url) as redis:
            redis.set("film", "301")
            memory = redis.config_get("maxmemory*")
        assert memory == {"maxmemory": str(64 * 1024**2), "maxmemory-policy": "volatile-lru"} | {
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
