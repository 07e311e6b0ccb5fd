"""The service as processes of its own: embedded PostgreSQL and Valkey, sandbox, API, worker. Stopped at the end."""

import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.upstream import Upstream
from dev.interrupts import Interrupts
from dev.ports import LOOPBACK, free_port
from dev.postgres import Postgres, embedded_postgres
from dev.processes import Child, Program, run_to_end, start_child, stop_children, wait_until
from dev.readiness import answers_ready, sandbox_address, worker_reported
from dev.speech import complain
from dev.testing import Handle
from dev.valkey import Valkey, embedded_valkey

STOP_SECONDS = 35
NOTABLE_SECONDS = 15
KEY = "bench-key"
# Quota aside, the sandbox keeps upstream's published limits: 20 calls a second, 5 searches.
SANDBOX = ("dev.sandbox", "--key", KEY, "--quota", "-1")
# Password hashes are made cheap, because users are only registered here; all other settings are the defaults.
CHEAP_HASHES = {"KINOSHELF__AUTH__ARGON2_MEMORY_KIB": "8", "KINOSHELF__AUTH__ARGON2_ROUNDS": "1"}
ALL_FILMS = "TRUNCATE favourite, film_sync, film_source, film, upstream_gate"


@dataclass(frozen=True)
class Stack:
    """A running service and the handles on its parts."""

    address: tuple[str, int]
    upstream: Upstream
    redis: Handle
    postgres_url: str
    children: dict[str, Child]

    async def forget_films(self) -> None:
        """As if nobody had ever wanted a film; users stay logged in. Returns when no call is under way."""
        connection = await asyncpg.connect(self.postgres_url)
        try:
            await connection.execute(ALL_FILMS)  # first the backlog, or the calls would go on
            await self.upstream.idle()
            await connection.execute(ALL_FILMS)
        finally:
            await connection.close()


@asynccontextmanager
async def running_stack() -> AsyncIterator[Stack]:
    """Raises dev.problems.CannotStart."""
    started = time.monotonic()
    with ExitStack() as stack:
        data = stack.enter_context(_folder())
        postgres, valkey = stack.enter_context(_servers(data))
        starter = _Starter(data, stack)
        sandbox = starter.start("sandbox", *SANDBOX)
        log = data / "sandbox.log"
        wait_until(lambda: sandbox_address(log) is not None, sandbox, starter.interrupts)
        starter.environment |= _settings(postgres.url, valkey.url, sandbox_address(log) or "")
        run_to_end(starter.launch("migration", "alembic", "upgrade", "head"), starter.interrupts)
        api, worker = starter.start("api", "api"), starter.start("worker", "worker")
        address = LOOPBACK, int(starter.environment["KINOSHELF__API__PORT"])
        wait_until(lambda: answers_ready(f"http://{LOOPBACK}:{address[1]}"), api, starter.interrupts)
        wait_until(lambda: worker_reported(valkey.url), worker, starter.interrupts)
        children = {"API": api, "worker": worker, "sandbox": sandbox}
        children |= {server.name: server.child for server in (postgres, valkey) if server.child}
        control = Upstream(LOOPBACK, int((sandbox_address(log) or "").rpartition(":")[2]))
        if (took := time.monotonic() - started) > NOTABLE_SECONDS:
            complain(f"The service took {took:.0f} s to start.")
        yield Stack(address, control, Handle(valkey), postgres.url, children)


class _Starter:
    """Starts Python modules with the environment so far; `stack` stops them."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data = data
        self._stack = stack
        self.interrupts = Interrupts()
        self.environment = clean_environment()

    def start(self, name: str, *module: str) -> Child:
        child = self.launch(name, *module)
        self._stack.callback(self._stop, child)
        return child

    def _stop(self, child: Child) -> None:
        """Slowness here is no figure of any row, but worth a word."""
        started = time.monotonic()
        stop_children([child], self.interrupts, patience_seconds=STOP_SECONDS)
        if (took := time.monotonic() - started) > NOTABLE_SECONDS:
            complain(f"{child.name} took {took:.0f} s to stop.{child.last_words()}")

    def launch(self, name: str, *module: str) -> Child:
        command = [sys.executable, "-m", *module]
        return start_child(Program(f"The {name}", command, log=self._data / f"{name}.log", env=self.environment))


def clean_environment() -> dict[str, str]:
    """Neither a settings.toml nor variables of this shell change what is measured."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KINOSHELF")}
    return inherited | {"KINOSHELF_SETTINGS": os.devnull}


def _settings(postgres_url: str, redis_url: str, kinopoisk_url: str) -> dict[str, str]:
    return CHEAP_HASHES | {
        "KINOSHELF__API__PORT": str(free_port()),
        "KINOSHELF__AUTH__JWT_KEYS": json.dumps([{"id": "bench", "secret": secrets.token_urlsafe(48)}]),
        "KINOSHELF__POSTGRES__URL": postgres_url,
        "KINOSHELF__REDIS__URL": redis_url,
        "KINOSHELF__KINOPOISK__BASE_URL": kinopoisk_url,
        "KINOSHELF__KINOPOISK__API_KEY": KEY,
    }


@contextmanager
def _folder() -> Iterator[Path]:
    data = Path(tempfile.mkdtemp(prefix="kinoshelf-bench-"))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _servers(data: Path) -> Iterator[tuple[Postgres, Valkey]]:
    """PostgreSQL as durable as in production; Valkey as disposable."""
    with embedded_postgres(data) as postgres, embedded_valkey(data, durable=False) as valkey:
        yield postgres, valkey
    shutil.rmtree(postgres.cluster.files.resolve(), ignore_errors=True)  # it may lie elsewhere
