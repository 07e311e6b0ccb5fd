"""Starts and stops the processes of a bench: Python modules, with an environment of their own."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dev.interrupts import Interrupts
from dev.postgres import Postgres, embedded_postgres
from dev.processes import Child, Program, run_to_end, start_child, stop_children
from dev.speech import complain
from dev.testing import temporary_data
from dev.valkey import Valkey, embedded_valkey

STOP_SECONDS = 35
NOTABLE_SECONDS = 15


class Starter:
    """Starts Python modules with the environment so far; `stack` stops them."""

    def __init__(self, data: Path, stack: ExitStack, source: Path | None = None) -> None:
        self._data = data
        self._stack = stack
        self._source = source
        self._starts: Counter[str] = Counter()
        self.interrupts = Interrupts()
        self.environment = clean_environment()

    def start(self, name: str, *module: str, **environment: str) -> Child:
        self._starts[name] += 1
        child = self.launch(name, *module, **environment)
        self._stack.callback(self._stop, child)
        return child

    def kill(self, child: Child) -> None:
        """SIGKILL: it gets no chance to tidy up."""
        child.signal_all(signal.SIGKILL)
        child.process.wait()

    def _stop(self, child: Child) -> None:
        """Slowness here is no figure of any row, but worth a word."""
        started = time.monotonic()
        stop_children([child], self.interrupts, patience_seconds=STOP_SECONDS)
        if (took := time.monotonic() - started) > NOTABLE_SECONDS:
            complain(f"{child.name} took {took:.0f} s to stop.{child.last_words()}")

    def launch(self, name: str, *module: str, **environment: str) -> Child:
        command = [*_from(self._source), sys.executable, "-m", *module]
        own = {**self.environment, **environment}
        return start_child(Program(f"The {name}", command, log=self.log(name), env=own))

    def has_said(self, name: str, word: str) -> bool:
        """Whether its latest start got so far that it logged this."""
        return self.log(name).read_text(errors="replace").count(word) >= self._starts[name]

    def log(self, name: str) -> Path:
        return self._data / f"{name}.log"


def _from(source: Path | None) -> list[str | Path]:
    """Run in the folder of another version, which Python then imports from."""
    return ["sh", "-c", 'cd "$0" && exec "$@"', source] if source else []


def clean_environment() -> dict[str, str]:
    """Neither a settings.toml nor variables of this shell change what is measured."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KINOSHELF")}
    return inherited | {"KINOSHELF_SETTINGS": os.devnull}


@contextmanager
def data_folder() -> Iterator[Path]:
    data = Path(tempfile.mkdtemp(prefix="kinoshelf-bench-"))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def servers(data: Path) -> Iterator[tuple[Postgres, Valkey]]:
    """PostgreSQL as durable as in production; Valkey as disposable."""
    with embedded_postgres(data) as postgres, embedded_valkey(data, durable=False) as valkey:
        yield postgres, valkey
    shutil.rmtree(postgres.cluster.files.resolve(), ignore_errors=True)  # it may lie elsewhere


@contextmanager
def postgres_alone() -> Iterator[str]:
    """The address of a PostgreSQL of our own with an empty schema of today."""
    with temporary_data() as data, embedded_postgres(data) as postgres:
        command = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environment = clean_environment() | {"KINOSHELF__POSTGRES__URL": postgres.url}
        program = Program("The migration", command, log=data / "migration.log", env=environment)
        run_to_end(start_child(program), Interrupts())
        yield postgres.url
