"""Loading the catalogue, one call after the other, beside the drain: rung by the sweep, ended between two calls."""

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import count

import structlog

from shared import sentry
from shared.enrichment.catalogue import Steps
from shared.enrichment.upstream import Upstream
from shared.upstream.errors import NotNow

log = structlog.get_logger()

# Where nothing is due, look again after this.
REST_SECONDS = 30.0


class Catalogue:
    """The loop that loads it; two in two processes take nothing twice."""

    def __init__(self, upstream: Upstream, *, enabled: bool, alone: asyncio.Lock | None = None) -> None:
        self._alone = alone or asyncio.Lock()
        self._steps = Steps(upstream)
        self._enabled = enabled
        self._turns = count()
        self._look = asyncio.Event()
        self._stopped = asyncio.Event()

    def ring(self) -> None:
        """Something may be due, and calls may be made again."""
        if self._enabled:
            self._look.set()

    def stop(self) -> None:
        """Start nothing more; `run` returns when the call under way is finished."""
        self._stopped.set()
        self._look.set()

    async def run(self) -> None:
        """Load until stopped. A database that is away costs nothing but this round."""
        while not self._stopped.is_set():
            await self._look.wait()
            self._look.clear()
            try:
                is_done = await self.load()
            except Exception as error:
                log.exception("catalogue_failed")
                sentry.report(error)
                is_done = False
            if is_done:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), REST_SECONDS)

    async def load(self) -> bool:
        """Load what is due as long as calls may be made; whether nothing was left."""
        loaded = Counter[str]()
        try:
            while not self._stopped.is_set():
                async with self._alone:  # never beside a film that may end this process (worker.drain)
                    done = await self._steps.step(next(self._turns))
                if done is None:
                    return True
                loaded[done] += 1
        except NotNow:
            return False
        finally:
            if loaded:
                log.info("catalogue_loaded", **loaded)
        return False
