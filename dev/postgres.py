"""An embedded real PostgreSQL: on loopback, on a free port, small, and as durable as asked for."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.interrupts import Interrupts
from dev.ports import LOOPBACK, free_port
from dev.postgres_cluster import NAME, Cluster, open_cluster
from dev.postgres_programs import server_environment
from dev.problems import CannotStart
from dev.processes import Child, Program, start_child, stop_children, wait_until

TRIES = 40
STOP_SECONDS = 15
SMALL = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "dynamic_shared_memory_type": "mmap",  # not /dev/shm: small in containers, and a kill -9 leaves its pieces there
    "max_wal_size": "256MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
FIRST_WITH_IO_WORKERS = 18


class Postgres:
    """A server that can be started and stopped again; it keeps its port and its password."""

    name = "PostgreSQL"

    def __init__(self, data: Path, *, durable: bool = True, interrupts: Interrupts | None = None) -> None:
        self._interrupts = interrupts or Interrupts()
        self._durable = durable
        self.cluster: Cluster = open_cluster(data, durable=durable, interrupts=self._interrupts)
        self.port = free_port()
        self.child: Child | None = None

    @property
    def files(self) -> Path:
        return self.cluster.files

    @property
    def version(self) -> str:
        return self.cluster.programs.version

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}:{self.cluster.password}@{LOOPBACK}:{self.port}/{NAME}"

    def start(self) -> None:
        """Start and wait until it takes connections."""
        for _ in range(TRIES):
            self.child = self._launch()
            try:
                wait_until(self._ready, self.child, self._interrupts)
                return
            except BaseException as error:
                again = isinstance(error, CannotStart) and self._worth_another_try(self.child)
                self.stop()
                if not again:
                    raise
            self._interrupts.pause(0.2)
        raise CannotStart(f"PostgreSQL did not start after {TRIES} tries; it says why in {self.cluster.log}.")

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, all is written. In a hurry it leaves recovery to the next start."""
        if self.child:
            stop_children([self.child], self._interrupts, patience_seconds=STOP_SECONDS)
            self.child = None

    def _launch(self) -> Child:
        cluster = self.cluster
        options = [f"--{name}={value}" for name, value in self._options().items()]
        program = Program(
            self.name,
            [cluster.programs.folder / "postgres", "-D", cluster.files, *options],
            log=cluster.log,
            env=server_environment(),
            account=cluster.account,
            gentle=signal.SIGINT,
            harsh=signal.SIGQUIT,
            orphaned=signal.SIGINT,
        )
        return start_child(program)

    def _options(self) -> dict[str, str]:
        options = SMALL | {"port": str(self.port)}
        if self.cluster.programs.major >= FIRST_WITH_IO_WORKERS:
            options["io_method"] = "sync"  # three processes fewer
        return options if self._durable else options | FORGETFUL

    def _ready(self) -> bool:
        """What the server itself writes into its pid file."""
        if self.child is None or not self.child.running:
            return False
        try:
            lines = (self.cluster.files / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return lines[0] == str(self.child.process.pid) and lines[7:8] == ["ready   "]

    def _worth_another_try(self, child: Child) -> bool:
        """After a kill -9 the shared memory stays in use for a moment; a free port may have gone to somebody else."""
        words = child.last_words()
        if "Address already in use" in words:
            self.port = free_port()
            return True
        return "still in use" in words


@contextmanager
def embedded_postgres(data: Path, *, durable: bool = True, interrupts: Interrupts | None = None) -> Iterator[Postgres]:
    """A running PostgreSQL with its files below the folder `data`; its `url` opens the database `kinoshelf`."""
    server = Postgres(data, durable=durable, interrupts=interrupts)
    try:
        server.start()
        yield server
    finally:
        server.stop()
