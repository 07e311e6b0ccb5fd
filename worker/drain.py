"""Draining the queue: ask for permission, claim as much as was granted, fetch side by side, until nothing is due."""

import asyncio

import structlog

from shared.enrichment import claims
from shared.enrichment.claims import Claim
from shared.enrichment.films import Upstream, enrich

log = structlog.get_logger()

# While the gate or the limiter says no, look again at the latest after this.
LONGEST_PAUSE_SECONDS = 1.0


class Drain:
    """The loop that empties the queue; it sleeps until somebody rings."""

    def __init__(self, upstream: Upstream, concurrency: int) -> None:
        self._upstream = upstream
        self._concurrency = concurrency
        self._fetches: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()
        self._stopping = False

    def ring(self) -> None:
        """Films may be due: look again."""
        self._look.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the fetches under way are finished."""
        self._stopping = True
        self._look.set()

    async def run(self) -> None:
        """Work until stopped. A database that is away costs a pause, never the loop."""
        while not self._stopping:
            await self._something_happens()
            self._look.clear()
            try:
                pause = await self.start_some()
            except Exception:
                log.exception("drain_failed")
                pause = LONGEST_PAUSE_SECONDS
            if pause:
                await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS))
        if self._fetches:
            await asyncio.wait(self._fetches)

    async def _something_happens(self) -> None:
        """A free place to fill, with a reason to look."""
        if len(self._fetches) >= self._concurrency:
            await asyncio.wait(self._fetches, return_when=asyncio.FIRST_COMPLETED)
        await self._look.wait()

    async def start_some(self) -> float:
        """Claim and start what may be called; how many seconds to wait where permission was refused."""
        due = await claims.count_due(self._upstream.engine, self._concurrency - len(self._fetches))
        if not due or self._stopping:
            return 0
        granted, pause = await self._upstream.limiter.take_films(due)
        if granted:
            if await self._upstream.gate.closed():
                return 0  # the next sweep looks again: nothing waits here for hours
            most = 1 if self._upstream.gate.probing else granted
            for claim in await claims.claim_due(self._upstream.engine, self._upstream.policy, most):
                self._fetch(claim)
        self._look.set()  # there may be more
        return 0 if granted else pause

    def _fetch(self, claim: Claim) -> None:
        task = asyncio.create_task(self._enrich(claim))
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)

    async def _enrich(self, claim: Claim) -> None:
        try:
            await enrich(self._upstream, claim)
        except Exception:  # whatever it was, the lease gives the film another attempt
            log.exception("film_enrichment_failed", kinopoisk_id=claim.kinopoisk_id)
