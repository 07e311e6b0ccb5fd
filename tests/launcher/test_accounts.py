"""Whom the database runs as, where its files can be then, and whose programs it runs."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from dev import accounts, postgres_programs
from dev.accounts import Account, database_account
from dev.postgres import Postgres
from dev.problems import CannotStart

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root's ways")


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
