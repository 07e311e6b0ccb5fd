"""The embedded PostgreSQL: what it is, what it survives, what it refuses."""

import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dev import postgres, postgres_cluster
from dev.interrupts import Interrupts, Stopped
from dev.postgres import Postgres, embedded_postgres
from dev.problems import CannotStart
from dev.testing import temporary_data
from tests.launcher.conftest import fetch, kill_all

RUSSIAN = "SELECT lower('ПРИВЕТ ЁЖ'), 'Матрица' ILIKE 'мАТР%', similarity('Матрица', 'матрица')"


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
