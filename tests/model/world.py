"""The service and a worker in this process, over real servers, driven step by step; and what upstream is up to."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from redis import Redis
from sqlalchemy import DateTime, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from dev.sandbox.options import Options
from dev.sandbox.server import RunningSandbox, running_sandbox
from dev.testing import Servers
from shared.enrichment import claims
from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.settings import Settings
from shared.tables import metadata
from shared.upstream.errors import NotNow
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind
from tests.client import Service, eventually
from tests.conftest import serving
from worker.drain import Drain
from worker.main import opened

Answer = TypeVar("Answer")

CONCURRENCY = 3

CLAIMS = text("SELECT coalesce(sum(claim_seq), 0) FROM film_sync")
LATEST = text("SELECT claim_seq = :claim_seq FROM film_sync WHERE kinopoisk_id = :kinopoisk_id")
WORK_ROW = text("SELECT * FROM film_sync WHERE kinopoisk_id = :kinopoisk_id")
RECENT_CALLS = text("SELECT count(*) FROM upstream_call WHERE at > now() - interval '2 days'")
TRUTH = text("""
    SELECT username,
        ARRAY(SELECT kinopoisk_id FROM favourite WHERE user_id = user_account.id
            ORDER BY added_at DESC, kinopoisk_id DESC) AS favourites,
        ARRAY(SELECT kinopoisk_id FROM hidden_film WHERE user_id = user_account.id
            ORDER BY hidden_at DESC, kinopoisk_id DESC) AS hidden,
        ARRAY(SELECT CAST(id AS text) FROM session WHERE user_id = user_account.id) AS sessions
    FROM user_account
""")


class World:
    """One event loop, one API, one worker; each example of the machine begins with `reset`."""

    service: Service
    sandbox: RunningSandbox
    upstream: Upstream
    connection: AsyncConnection

    def __init__(self, runner: asyncio.Runner, servers: Servers) -> None:
        self._runner = runner
        self._servers = servers
        self.redis_stopped = False

    def do(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """Run it to its end; in between nothing moves."""
        return self._runner.run(coroutine)

    async def open(self, stack: AsyncExitStack, settings: Settings) -> None:
        self.service = await stack.enter_async_context(serving(settings))
        self.upstream = (await stack.enter_async_context(opened(settings)))["upstream"]
        url = self._servers.postgres.url.replace("postgresql://", "postgresql+asyncpg://")
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        stack.push_async_callback(engine.dispose)
        self.connection = await stack.enter_async_context(engine.connect())

    def reset(self) -> None:
        """Nobody, nothing, fair weather."""
        self.start_redis()
        self.flush_redis()
        self.do(self.sandbox.reset())
        self.do(self.run(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")))

    async def run(self, statement: Any, **values: Any) -> Any:
        return await self.connection.execute(statement, values)

    def flush_redis(self) -> None:
        with Redis.from_url(self._servers.redis.url) as redis:
            redis.flushall()

    def stop_redis(self) -> None:
        self._servers.redis.stop()
        self.redis_stopped = True

    def start_redis(self) -> None:
        if self.redis_stopped:
            self._servers.redis.start()
            self.redis_stopped = False

    async def work(self) -> None:
        """Run workers until one finds nothing that it may do."""
        claimed, pause = -1, 0.0
        while pause or claimed != await self.connection.scalar(CLAIMS):
            await asyncio.sleep(pause)
            claimed = await self.connection.scalar(CLAIMS)
            drain = Drain(self.upstream, CONCURRENCY)
            pause = await drain.start_some()
            drain.stop()
            await drain.run()  # finishes what was started

    async def recent_calls(self) -> int:
        return int(await self.connection.scalar(RECENT_CALLS) or 0)

    async def holds_latest(self, claim: Claim) -> bool:
        """Whether nobody has claimed the film since."""
        return bool(await self.connection.scalar(LATEST, claim._asdict()))

    async def work_row(self, kinopoisk_id: int) -> dict[str, Any]:
        rows = await self.connection.execute(WORK_ROW, {"kinopoisk_id": kinopoisk_id})
        return dict(rows.mappings().one())

    async def claim(self) -> tuple[Call, Claim] | None:
        """As a worker does before it asks; None where nothing is due or may be called."""
        for kind in (Kind.NEW, Kind.REFRESH):
            try:
                claimed = await claims.claim_due(self.upstream, kind, 1)
            except NotNow:
                continue
            if claimed:
                return claimed[0]
        return None

    async def die_fetching(self, call: Call, claim: Claim) -> None:
        """Ask, and be gone before the answer."""
        await self.sandbox.clear()
        await self.sandbox.fault("hang")
        fetching = asyncio.create_task(enrich(self.upstream, call, claim))

        async def is_asking() -> bool:
            return fetching.done() or await self.is_asked()

        await eventually(is_asking)
        fetching.cancel()
        await asyncio.wait([fetching])
        await self.sandbox.clear()
        await eventually(self.is_left_alone)

    async def is_asked(self) -> bool:
        """Whether a call has reached upstream and waits for its answer."""
        return bool((await self.sandbox.calls(log=False))["in_flight"])

    async def is_left_alone(self) -> bool:
        return not await self.is_asked()

    async def pass_days(self, days: int) -> None:
        """Everything that is written down happened so much earlier, and falls due so much sooner."""
        for table in metadata.tables.values():
            moments = [column for column in table.columns if isinstance(column.type, DateTime)]
            if moments:
                shifted = {column: column - timedelta(days=days) for column in moments}
                await self.connection.execute(table.update().values(shifted))


@contextmanager
def open_world(servers: Servers, settings_for: Callable[[RunningSandbox], Settings]) -> Iterator[World]:
    """`settings_for` makes the settings of a service over this Kinopoisk."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        world, stack = World(runner, servers), AsyncExitStack()
        try:
            options = Options(quota=-1, rate=0, search_rate=0)
            world.sandbox = world.do(stack.enter_async_context(running_sandbox(options)))
            world.do(world.open(stack, settings_for(world.sandbox)))
            yield world
        finally:
            world.start_redis()
            world.do(stack.aclose())
