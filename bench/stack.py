"""The service as processes of its own: embedded PostgreSQL and Valkey, sandbox, APIs, workers. Stopped at the end."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.starter import NOTABLE_SECONDS, Starter, data_folder, servers
from bench.upstream import Upstream
from dev.ports import LOOPBACK, free_port
from dev.processes import Child, run_to_end, wait_until
from dev.readiness import answers_ready, sandbox_address, worker_reported
from dev.speech import complain
from dev.testing import Handle

KEY = "bench-key"
# Password hashes are made cheap, because users are only registered here; but for those below, others are the defaults.
CHEAP_HASHES = {"KINOSHELF__AUTH__ARGON2_MEMORY_KIB": "8", "KINOSHELF__AUTH__ARGON2_ROUNDS": "1"}
# Two would make calls and take time beside what is measured, and a crowd comes from one address, in a hurry. An earlier
# release knows no such settings.
UNDISTURBED = {
    "KINOSHELF__CATALOGUE__ENABLED": "false",
    "KINOSHELF__RECOMMENDATIONS__REBUILD": "false",
    "KINOSHELF__LIMITS__REQUESTS_PER_SECOND": "10000",
    "KINOSHELF__LIMITS__REQUEST_BURST": "100000",
    "KINOSHELF__LIMITS__LOGINS_PER_ADDRESS_MINUTE": "100000",
    "KINOSHELF__LIMITS__LOGIN_TRIES": "100000",
    "KINOSHELF__LIMITS__REGISTRATIONS_PER_ADDRESS_HOUR": "100000",
}
# Upstream may be asked as often and as fast as anybody likes.
LIFTED = {
    "KINOSHELF__BUDGET__DAILY_LIMIT": "-1",
    "KINOSHELF__KINOPOISK__RATE_PER_SECOND": "10000",
    "KINOSHELF__KINOPOISK__BURST": "10000",
    "KINOSHELF__KINOPOISK__SEARCH_RATE_PER_SECOND": "10000",
    "KINOSHELF__KINOPOISK__SEARCH_BURST": "10000",
    "KINOSHELF__KINOPOISK__CALLS_AT_ONCE": "16",
    "KINOSHELF__ENRICHMENT__CONCURRENCY": "16",
    "KINOSHELF__LIMITS__UPSTREAM_CALLS_PER_USER_HOUR": "100000",
}
UNLIMITED = ("--quota", "-1", "--rate", "0", "--search-rate", "0")
ALL_FILMS = "TRUNCATE favourite, film_sync, film_source, film, upstream_gate, upstream_call"

Address = tuple[str, int]
Environment = Mapping[str, str]


def nothing_else(_name: str, _environment: Environment) -> Environment:
    return {}


@dataclass(frozen=True)
class Layout:
    """How many processes, what they are told, and from which folder (None: this one) they run."""

    apis: int = 1
    workers: int = 1
    environment: Environment = field(default_factory=dict)
    # What one of them is told besides, by its name and what all are told.
    besides: Callable[[str, Environment], Environment] = nothing_else
    # Quota aside, the sandbox keeps upstream's published limits: 20 calls a second, 5 searches.
    sandbox: Sequence[str] = ("--quota", "-1")
    source: Path | None = None


@dataclass(frozen=True)
class Stack:
    """A running service and the handles on its parts."""

    addresses: list[Address]
    upstream: Upstream
    redis: Handle
    postgres: Handle
    environment: dict[str, str]
    children: dict[str, Child]
    starter: Starter
    layout: Layout

    @property
    def address(self) -> Address:
        return self.addresses[0]

    @property
    def postgres_url(self) -> str:
        return self.postgres.url

    @property
    def parts(self) -> list[str]:
        """The names of its own processes."""
        return [name for name in self.children if name.startswith(("API", "worker"))]

    def kill(self, *names: str) -> None:
        """SIGKILL, one right after the other."""
        for name in names:
            self.starter.kill(self.children[name])

    def start(self, *names: str) -> None:
        """Start these processes, again or for the first time, and wait until they are at work."""
        self.launch(*names)
        self.wait(*names)

    def launch(self, *names: str) -> None:
        """Call it from the main thread: Linux ties a child to the thread that started it."""
        for name in names:
            self.children[name] = self._launch(name)

    def wait(self, *names: str) -> None:
        """Until they are at work."""
        for name in names:
            self._await(name)

    def _launch(self, name: str) -> Child:
        besides = self.layout.besides(name, self.environment)
        if name.startswith("worker"):
            return self.starter.start(name, "worker", **besides)
        return self.starter.start(name, "api", KINOSHELF__API__PORT=str(self._address_of(name)[1]), **besides)

    def _await(self, name: str) -> None:
        child, interrupts = self.children[name], self.starter.interrupts
        if name.startswith("API"):
            host, port = self._address_of(name)
            wait_until(lambda: answers_ready(f"http://{host}:{port}"), child, interrupts)
        else:
            wait_until(lambda: self._is_at_work(name), child, interrupts)

    def _is_at_work(self, name: str) -> bool:
        """The report in Redis is one of the machine's, not of the process."""
        return self.starter.has_said(name, "worker_started") and worker_reported(self.redis.url)

    def _address_of(self, name: str) -> Address:
        return self.addresses[_number(name) - 1]

    async def forget_films(self) -> None:
        """As if nobody had ever wanted a film; users stay logged in. Returns when no call is under way."""
        connection = await asyncpg.connect(self.postgres_url)
        try:
            await connection.execute(ALL_FILMS)  # first the backlog, or the calls would go on
            await self.upstream.idle()
            await connection.execute(ALL_FILMS)
        finally:
            await connection.close()


def _names(kind: str, count: int) -> list[str]:
    return [kind, *(f"{kind} {number}" for number in range(2, count + 1))][:count]


def _number(name: str) -> int:
    return int(name.partition(" ")[2] or 1)


@asynccontextmanager
async def running_stack(layout: Layout | None = None) -> AsyncIterator[Stack]:
    """Raises dev.problems.CannotStart."""
    with started_stack(layout or Layout()) as stack:
        yield stack


@contextmanager
def started_stack(layout: Layout) -> Iterator[Stack]:
    """For those whose main thread is no event loop. Raises dev.problems.CannotStart."""
    started = time.monotonic()
    with ExitStack() as exits:
        data = exits.enter_context(data_folder())
        postgres, valkey = exits.enter_context(servers(data))
        sandbox_url, sandbox = _sandbox(Starter(data, exits), layout)
        starter = Starter(data, exits, layout.source)
        starter.environment |= settings_for(postgres.url, valkey.url, sandbox_url)
        starter.environment |= (UNDISTURBED if layout.source is None else {}) | dict(layout.environment)
        run_to_end(starter.launch("migration", "alembic", "upgrade", "head"), starter.interrupts)
        stack = Stack(
            addresses=[(LOOPBACK, free_port()) for _ in range(layout.apis)],
            upstream=Upstream(LOOPBACK, int(sandbox_url.rpartition(":")[2])),
            redis=Handle(valkey),
            postgres=Handle(postgres),
            environment=starter.environment,
            children={},
            starter=starter,
            layout=layout,
        )
        stack.start(*_names("API", layout.apis), *_names("worker", layout.workers))
        stack.children["sandbox"] = sandbox
        stack.children.update({server.name: server.child for server in (postgres, valkey) if server.child})
        if (took := time.monotonic() - started) > NOTABLE_SECONDS:
            complain(f"The service took {took:.0f} s to start.")
        yield stack


def _sandbox(starter: Starter, layout: Layout) -> tuple[str, Child]:
    """Where it listens."""
    child, log = starter.start("sandbox", "dev.sandbox", "--key", KEY, *layout.sandbox), starter.log("sandbox")
    wait_until(lambda: sandbox_address(log) is not None, child, starter.interrupts)
    return sandbox_address(log) or "", child


def settings_for(postgres_url: str, redis_url: str, kinopoisk_url: str) -> dict[str, str]:
    return CHEAP_HASHES | {
        "KINOSHELF__AUTH__JWT_KEYS": json.dumps([{"id": "bench", "secret": secrets.token_urlsafe(48)}]),
        "KINOSHELF__POSTGRES__URL": postgres_url,
        "KINOSHELF__REDIS__URL": redis_url,
        "KINOSHELF__KINOPOISK__BASE_URL": kinopoisk_url,
        "KINOSHELF__KINOPOISK__API_KEY": KEY,
    }
