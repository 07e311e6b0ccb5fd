"""The whole service in processes of its own, with a wire of ours between each of them and all that it talks to."""

import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bench.call_log import Call
from bench.stack import Address, Layout, Stack, started_stack
from dev.ports import LOOPBACK
from dev.problems import CannotStart
from tests import invariants
from tests.faults import scale, watch
from tests.faults.background import Background, background
from tests.faults.wire import FINE, Watch, Weather, Wire
from tests.leaks import look

PATIENCE_SECONDS = 60.0
STARTS = 10
TARGETS = {
    "postgres": "KINOSHELF__POSTGRES__URL",
    "redis": "KINOSHELF__REDIS__URL",
    "kinopoisk": "KINOSHELF__KINOPOISK__BASE_URL",
}
COMPRESSED = scale.settings()
PARTS = ("API", "API 2", "worker", "worker 2")
APIS, WORKERS = PARTS[:2], PARTS[2:]


class Wires:
    """One for each process and target, and one in front of each API; made when first needed."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._wires: dict[tuple[str, str], Wire] = {}
        # What sees each chunk that a process sends to a target.
        self.watches: dict[tuple[str, str], Watch] = {}

    def environment(self, part: str, environment: Mapping[str, str]) -> Mapping[str, str]:
        """The addresses of all targets, through our wires."""
        return {name: self._through(part, target, environment[name]) for target, name in TARGETS.items()}

    def _through(self, part: str, target: str, url: str) -> str:
        port = urlsplit(url).port or 0
        return url.replace(f":{port}", f":{self.between(part, target, port).port}")

    def between(self, part: str, target: str, port: int) -> Wire:
        key = part, target
        if key not in self._wires:

            def watch(chunk: bytes) -> None:
                if key in self.watches:
                    self.watches[key](chunk)

            self._wires[key] = self._background.wait(Wire(LOOPBACK, port, watch).open())
        return self._wires[key]

    def become(self, weather: Weather, target: str, *parts: str) -> None:
        """On the way from these parts (all) to the target."""
        for (part, towards), wire in self._wires.items():
            if towards == target and (not parts or part in parts):
                self._background.wait(wire.become(weather))

    def close(self) -> None:
        for wire in self._wires.values():
            self._background.wait(wire.close())

    def calm(self) -> None:
        for wire in self._wires.values():
            self._background.wait(wire.become(FINE))


class Service:
    """What a scenario does to it."""

    def __init__(self, stack: Stack, background: Background, wires: Wires) -> None:
        self.stack, self.background, self.wires = stack, background, wires
        self.kills = 0
        self.slowest_start = 0.0
        # Where people find the APIs.
        ports = zip(APIS, (port for _, port in stack.addresses), strict=True)
        self.doors: list[Address] = [(LOOPBACK, wires.between("people", api, port).port) for api, port in ports]

    def kill(self, *parts: str) -> None:
        """SIGKILL."""
        self.stack.kill(*parts)
        self.kills += len(parts)

    def start(self, *parts: str) -> None:
        """Returns when they are at work. Who gives up because a server is away is started again, as by a supervisor."""
        began = time.monotonic()
        self.stack.launch(*parts)
        for part in parts:
            self._await(part)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def _await(self, part: str) -> None:
        for _ in range(STARTS):
            try:
                self.stack.wait(part)
                return
            except CannotStart:
                if self.stack.children[part].running:
                    raise
                self.stack.launch(part)
        raise CannotStart(f"{part} gave up {STARTS} times.")

    def terminate(self, part: str) -> tuple[int, float]:
        """SIGTERM; the exit code, and after how many seconds it came."""
        child, began = self.stack.children[part], time.monotonic()
        child.process.send_signal(signal.SIGTERM)
        return child.process.wait(PATIENCE_SECONDS), time.monotonic() - began

    def sql(self, query: str, *values: Any) -> list[Any]:
        """Rows, asked of PostgreSQL itself, not through a wire."""
        return self.background.wait(self.fetched(query, *values))

    def execute(self, script: str) -> None:
        """Statements that give no rows."""

        async def run() -> None:
            async with self._connection() as connection:
                await connection.execute(script)

        self.background.wait(run())

    def broken(self) -> list[str]:
        """The invariants that do not hold at this moment, and what was taken back at any."""

        async def look() -> list[str]:
            engine = create_async_engine(self.stack.postgres_url.replace("://", "+asyncpg://"), poolclass=NullPool)
            async with engine.connect() as connection:
                return await invariants.broken(connection)

        taken_back = self.sql(watch.TAKEN_BACK)
        return self.background.wait(look()) + [f"taken back: {row}" for row in taken_back]

    async def fetched(self, query: str, *values: Any) -> list[Any]:
        async with self._connection() as connection:
            return list(await connection.fetch(query, *values))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.stack.postgres_url)
        try:
            yield connection
        finally:
            await connection.close()

    def value(self, query: str, *values: Any) -> Any:
        return self.sql(query, *values)[0][0]

    def sandbox(self, fault: str, **how: Any) -> None:
        self.background.wait(self.stack.upstream.fault(fault, **how))

    def calls(self) -> list[Call]:
        """What Kinopoisk was asked, without the questions about the key."""
        return self.background.wait(self.stack.upstream.log()).counted

    def on_call(self, film: int, act: Callable[[str], None]) -> None:
        """What to do, in the background, when somebody asks Kinopoisk for the film; told is who asks."""

        def watching(part: str) -> Watch:
            return lambda chunk: act(part) if f"/films/{film} ".encode() in chunk else None

        self.wires.watches = {(part, "kinopoisk"): watching(part) for part in PARTS}

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE_SECONDS, what: str = "it") -> float:
        """How many seconds it took until it was true."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds:g} s: {what}")
            time.sleep(0.05)
        return time.monotonic() - began


@contextmanager
def running_service(settings: Mapping[str, str] = COMPRESSED) -> Iterator[Service]:
    """Two APIs, two workers, PostgreSQL as durable as in production, Valkey, the sandbox."""
    with background() as behind, closing(Wires(behind)) as wires:
        told = {f"KINOSHELF__{name}": value for name, value in settings.items()}
        layout = Layout(apis=2, workers=2, environment=told, besides=wires.environment)
        with started_stack(layout) as stack:
            try:
                service = Service(stack, behind, wires)
                service.execute(watch.WATCH)
                yield service
            finally:
                behind.wait(_hung_up(stack))
                for part in PARTS:
                    look(f"the log of the {part}", stack.starter.log(part).read_text(errors="replace"))


async def _hung_up(stack: Stack) -> None:
    stack.upstream.close()
