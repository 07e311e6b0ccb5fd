"""The database's files: made once, complete or not at all, with a role and a database that only a password opens."""

import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from dev.accounts import Account, database_account, home_for
from dev.interrupts import Interrupts
from dev.keys import keep_secret
from dev.postgres_programs import Programs, find_programs, server_environment
from dev.problems import CannotStart
from dev.processes import Program, run_to_end, start_child

NAME = "kinoshelf"  # of the role and of the database
FIRST_WITH_BUILTIN_LOCALE = 17
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
ONLY_BY_PASSWORD = "host all all 127.0.0.1/32 scram-sha-256\n"  # the superuser has none and so cannot come in
LEAVING_SECONDS = 10


@dataclass(frozen=True)
class Cluster:
    """Files of a database, who owns them, and the programs that made them."""

    files: Path
    account: Account | None
    programs: Programs
    password: str
    log: Path


def open_cluster(data: Path, *, durable: bool, interrupts: Interrupts) -> Cluster:
    """The cluster below `data`, made if there is none; where it has to lie elsewhere, `postgres` is a link to it."""
    place, secret = data / "postgres", data / "postgres-password"
    account = database_account(place)
    programs = find_programs(account)
    known = secret.exists()
    cluster = Cluster(place.resolve(), account, programs, keep_secret(secret), data / "postgres.log")
    _start_new_log(cluster.log)
    if not (place / "PG_VERSION").exists():
        files = _make(cluster, home_for(account, data), durable, interrupts)
        if files != place:
            place.unlink(missing_ok=True)
            place.symlink_to(files)
        return replace(cluster, files=files)
    _check_usable(cluster)
    _wait_for_earlier_server(cluster.files, interrupts)
    if not known:
        _run_sql(cluster, cluster.files, f"ALTER ROLE {NAME} PASSWORD '{cluster.password}'", interrupts)
    return cluster


def pid_of(files: Path) -> int | None:
    """The process that serves these files according to postmaster.pid, if it is alive and really a PostgreSQL."""
    try:
        pid = int((files / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, 0)
        command = Path(f"/proc/{pid}/cmdline")
        return pid if sys.platform != "linux" or b"postgres" in command.read_bytes() else None
    except (OSError, ValueError):
        return None


def _start_new_log(log: Path) -> None:
    if log.exists():
        log.replace(log.with_name(f"{log.name}.old"))


def _make(cluster: Cluster, home: Path, durable: bool, interrupts: Interrupts) -> Path:
    unfinished = home / "postgres.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if cluster.account:
        os.chown(unfinished, cluster.account.uid, cluster.account.gid)
    _run_initdb(cluster, unfinished, durable, interrupts)
    (unfinished / "pg_hba.conf").write_text(ONLY_BY_PASSWORD)
    make_role = f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{cluster.password}'"
    _run_sql(cluster, unfinished, f"{make_role}\nCREATE DATABASE {NAME} OWNER {NAME}", interrupts)
    return unfinished.rename(home / "postgres")


def _run_initdb(cluster: Cluster, files: Path, durable: bool, interrupts: Interrupts) -> None:
    """Never --no-locale: it takes lower(), ILIKE and pg_trgm away from Cyrillic."""
    options = ["--username=postgres", "--encoding=UTF8", "--auth=reject", "--no-instructions", f"--locale={LOCALE}"]
    if cluster.programs.major >= FIRST_WITH_BUILTIN_LOCALE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not durable:
        options += ["--no-sync", "--wal-segsize=1"]
    initdb: list[str | Path] = [cluster.programs.folder / "initdb", "-D", files, *options]
    run_to_end(start_child(_program(cluster, "initdb", initdb, cluster.log)), interrupts)


def _run_sql(cluster: Cluster, files: Path, lines: str, interrupts: Interrupts) -> None:
    """Statements, one a line, without a server: nobody else can be connected and the password is in no argument."""
    single: list[str | Path] = [
        cluster.programs.folder / "postgres",
        "--single",
        "-D",
        files,
        "-c",
        "log_min_error_statement=panic",
    ]
    log = cluster.log.with_name("postgres-setup.log")
    log.unlink(missing_ok=True)
    child = start_child(_program(cluster, "PostgreSQL's set-up", [*single, "postgres"], log, f"{lines}\n"))
    run_to_end(child, interrupts)
    if "ERROR:" in log.read_text(errors="replace"):  # its exit code says nothing about the statements
        raise CannotStart(f"PostgreSQL could not be set up.{child.last_words()}")


def _program(cluster: Cluster, name: str, command: list[str | Path], log: Path, stdin: str = "") -> Program:
    return Program(name, command, log=log, env=server_environment(), account=cluster.account, stdin=stdin)


def _check_usable(cluster: Cluster) -> None:
    owner = cluster.files.stat().st_uid
    if cluster.account is None and owner != os.geteuid():
        raise CannotStart(
            f"The database in {cluster.files} belongs to another user (number {owner}): "
            "start it as that user or as root, or choose another KINOSHELF_DATA."
        )
    made_by = (cluster.files / "PG_VERSION").read_text().strip()
    if made_by != str(cluster.programs.major):
        raise CannotStart(
            f"The database in {cluster.files} was made by PostgreSQL {made_by} and this is {cluster.programs.version}: "
            "choose another KINOSHELF_DATA or move the old folder away."
        )


def _wait_for_earlier_server(files: Path, interrupts: Interrupts) -> None:
    """A killed launcher's PostgreSQL needs a moment to leave; one that stays is somebody's."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while (pid := pid_of(files)) and time.monotonic() < deadline:
        interrupts.pause(0.05)
    if pid:
        raise CannotStart(
            f"A PostgreSQL already runs on {files} (process {pid}): stop it or choose another KINOSHELF_DATA."
        )
    (files / "postmaster.pid").unlink(missing_ok=True)  # its number may belong to a stranger by now
