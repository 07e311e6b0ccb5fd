"""Real servers for tests: temporary and forgetful, so fast, with handles to freeze, stop and revive them."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dev.postgres import Postgres
from dev.problems import CannotStart
from dev.processes import Child
from dev.valkey import Valkey

MEMORY = Path("/dev/shm")
PLENTY_BYTES = 2**30


class Handle:
    """One server of a test run. It keeps its port and password over every stop and start.

    Call it from the main thread: Linux ties a child to the thread that started it.
    """

    def __init__(self, server: Postgres | Valkey) -> None:
        self._server = server

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def files(self) -> Path:
        """Where its data lie."""
        return self._server.files

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        for pid in self._family():
            _send(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in reversed(self._family()):
            _send(pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it: connections are refused. A stopped Valkey has forgotten everything, PostgreSQL nothing."""
        if self._server.child:
            self.resume()
            self._server.stop()

    def crash(self) -> None:
        """SIGKILL: nothing is tidied up. PostgreSQL recovers at the next start what it has acknowledged."""
        if child := self._server.child:
            for pid in self._family():
                _send(pid, signal.SIGKILL)
            child.process.wait()
            self._server.stop()

    def start(self) -> None:
        port = self._server.port
        self._server.start()
        if self._server.port != port:
            self._server.stop()
            raise CannotStart(f"{self._server.name}: port {port} went to somebody else in the meantime.")

    def _family(self) -> list[int]:
        """The server and, for PostgreSQL, the processes that serve its connections."""
        child: Child | None = self._server.child
        return [child.process.pid, *_children_of(child.process.pid)] if child else []


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _children_of(pid: int) -> list[int]:
    """From /proc, so Linux only."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(after_name[1]) == pid:
            found.append(int(status.parent.name))
    return found


@dataclass(frozen=True)
class Servers:
    """What a test run gets."""

    postgres: Handle
    redis: Handle


@contextmanager
def temporary_data() -> Iterator[Path]:
    """A data folder for a while, in memory where there is plenty: a database is a thousand files.

    Not pytest's tmp_path: that one is closed to other users, and root's database is run by another user.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > PLENTY_BYTES
    folder = Path(tempfile.mkdtemp(prefix="kinoshelf-test-", dir=MEMORY if roomy else None))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        home = (folder / "postgres").resolve().parent  # elsewhere if the database's user cannot pass our folder
        for path in {home, folder}:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def embedded_servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey of one test run; two runs side by side do not meet."""
    with temporary_data() as data, ExitStack() as stack:
        postgres = Handle(Postgres(data, durable=False))
        redis = Handle(Valkey(data, durable=False))
        for handle in (postgres, redis):
            stack.callback(handle.stop)
            handle.start()
        yield Servers(postgres=postgres, redis=redis)
