"""Whether this process can serve, and what it has to do without. Looked at every two seconds at the most."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.held import held
from shared.flights import Flights
from shared.live_workers import LiveWorkers
from shared.redis_client import RedisAway
from shared.schema import SchemaBehind, check_schema

log = structlog.get_logger()

KEPT_SECONDS = 2.0
# Who probes has a time-out of its own, and wants to hear why before that.
PROBE_SECONDS = 2.0

Postgres = Literal["ok", "away", "schema-behind"]


@dataclass(frozen=True)
class Report:
    """What was found. PostgreSQL decides; without Redis or a worker people are served, only later or less."""

    postgres: Postgres
    # None: nobody can say, because Redis is away.
    workers: int | None

    @property
    def ready(self) -> bool:
        return self.postgres == "ok"


class Readiness:
    """One look for all who ask at the same time and for some time after; the engine is its own, so no queue counts."""

    def __init__(self, engine: AsyncEngine, workers: LiveWorkers) -> None:
        self._engine = engine
        self._workers = workers
        self._flights: Flights[Report] = Flights()
        self._asking: asyncio.Task[Postgres] | None = None
        self._report: Report | None = None
        self._kept_until = 0.0

    async def report(self) -> Report:
        """What was found a moment ago or is found now, within two seconds whatever hangs."""
        if self._report is None or time.monotonic() >= self._kept_until:
            return await self._flights.join("look", self._look)
        return self._report

    async def close(self) -> None:
        if self._asking:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _look(self) -> Report:
        postgres, workers = await asyncio.gather(self._ask_postgres(), self._count_workers())
        found = Report(postgres, workers)
        if found != self._report:
            log.info("readiness_changed", ready=found.ready, **asdict(found))
        self._report, self._kept_until = found, time.monotonic() + KEPT_SECONDS
        return found

    async def _ask_postgres(self) -> Postgres:
        """A question that hangs is not given up but left to its own end: breaking it off takes seconds of its own."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._check_schema())
        answered, _ = await asyncio.wait([self._asking], timeout=PROBE_SECONDS)
        return self._asking.result() if answered else "away"

    async def _check_schema(self) -> Postgres:
        try:
            await check_schema(self._engine)
        except SchemaBehind:
            return "schema-behind"
        except (SQLAlchemyError, OSError, TimeoutError):
            return "away"
        return "ok"

    async def _count_workers(self) -> int | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self._workers.count()
        except (RedisAway, TimeoutError):
            return None


HeldReadiness = Annotated[Readiness, held("readiness")]
