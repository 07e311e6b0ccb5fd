"""Draining the queue: ask for permission, claim as much as was granted, fetch side by side, until nothing is due.

A suspect (shared.enrichment.claims) whose turn has come is fetched alone: what is under way comes to its end before,
and nothing is begun beside it. So who dies of it takes nobody along.
"""

import asyncio
import time
from contextlib import suppress

import structlog
from structlog.contextvars import bound_contextvars

from shared import sentry
from shared.enrichment import claims
from shared.enrichment.claims import Claim
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream import ledger
from shared.upstream.access import LATE_SECONDS, in_turn
from shared.upstream.errors import NotNow
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind

log = structlog.get_logger()

# Whatever says no, look again at the latest after this.
LONGEST_PAUSE_SECONDS = 1.0
# As many calls as may be are under way, in other processes too: one of them will soon be over.
FULL_PAUSE_SECONDS = 0.05
KINDS = (Kind.NEW, Kind.REFRESH)


class Drain:
    """The loop that empties the queue; it sleeps until somebody rings."""

    def __init__(self, upstream: Upstream, concurrency: int, alone: asyncio.Lock | None = None) -> None:
        """`alone` is held while a suspect is under way: who else makes calls in this process holds it for each."""
        self._alone = alone or asyncio.Lock()
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
            except Exception as error:
                log.exception("drain_failed")
                sentry.report(error)
                pause = LONGEST_PAUSE_SECONDS
            if pause:
                await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS))
        await self._fetched()

    async def _fetched(self) -> None:
        """All that is under way has come to its end."""
        if self._fetches:
            await asyncio.wait(self._fetches)

    async def _something_happens(self) -> None:
        """A free place to fill, with a reason to look."""
        if len(self._fetches) >= self._concurrency:
            await asyncio.wait(self._fetches, return_when=asyncio.FIRST_COMPLETED)
        await self._look.wait()

    async def start_some(self) -> float:
        """Claim and start what may be called; how many seconds to wait until the next look.

        While the gate is closed or the budget is used up nothing waits here: the next sweep looks again.
        """
        for kind in KINDS:
            due = await claims.find_due(self._upstream.engine, kind, self._concurrency - len(self._fetches))
            if due.films and not self._stopping:
                with suppress(NotNow):
                    pause = await (self._fetch_suspect(kind) if due.suspects else self._start(kind, due.films))
                    self._look.set()  # there may be more
                    return pause
        return 0

    async def _fetch_suspect(self, kind: Kind) -> float:
        """One, from start to end, and nothing beside it. Raises NotNow."""
        async with self._alone:
            await self._fetched()
            pause = 0.0 if self._stopping else await self._start(kind, self._concurrency, suspect=True)
            await self._fetched()
        return pause

    async def _start(self, kind: Kind, due: int, *, suspect: bool = False) -> float:
        """Ask whether, then how fast, then claim. Raises NotNow."""
        upstream = self._upstream
        room = ledger.room(await ledger.look(upstream.engine, upstream.terms), upstream.terms, kind)
        if not room:
            return FULL_PAUSE_SECONDS
        granted, pause = await upstream.limiter.take(1 if suspect else min(due, room), kind)
        if not granted:
            return pause
        granted_at = time.monotonic()
        claimed = await (
            claims.claim_suspect(upstream, kind, due) if suspect else claims.claim_due(upstream, kind, granted)
        )
        if time.monotonic() - granted_at > LATE_SECONDS:
            for _ in claimed:
                await in_turn(upstream.limiter, kind)
        for call, claim in claimed:
            self._fetch(call, claim)
        return 0 if claimed else FULL_PAUSE_SECONDS

    def _fetch(self, call: Call, claim: Claim) -> None:
        task = asyncio.create_task(self._enrich(call, claim))
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)

    async def _enrich(self, call: Call, claim: Claim) -> None:
        with bound_contextvars(**ids(claim)):
            try:
                await enrich(self._upstream, call, claim)
            except Exception as error:  # whatever it was, the lease gives the film another attempt
                log.exception("film_enrichment_failed")
                sentry.report(error)


def ids(claim: Claim) -> dict[str, object]:
    """What log lines and reports about it bear; so a request is followed from the API into the worker."""
    bound: dict[str, object] = {"kinopoisk_id": claim.kinopoisk_id}
    return bound | {"request_id": claim.request_id} if claim.request_id else bound
