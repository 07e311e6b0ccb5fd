"""A worker inside the test's own event loop."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from shared.settings import Settings
from shared.silence import silence
from worker.context import Context
from worker.main import opened, ring_for_ever


class Worker:
    """What worker.main.run does, without its signals."""

    def __init__(self, context: Context) -> None:
        self.drain = context["drain"]
        self.engine = context["engine"]
        self.id = context["heartbeat"].worker_id

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings) -> AsyncIterator["Worker"]:
        async with opened(settings) as context:
            drain, catalogue = context["drain"], context["catalogue"]
            working = [asyncio.create_task(drain.run()), asyncio.create_task(catalogue.run())]
            ringing = asyncio.create_task(ring_for_ever(settings, context))
            beating = asyncio.create_task(context["heartbeat"].run())
            try:
                yield cls(context)
            finally:
                with forgotten_connections():
                    await silence(ringing)
                    await context["heartbeat"].leave()
                    await silence(beating)
                    drain.stop()
                    catalogue.stop()
                    await asyncio.wait(working)


@contextmanager
def forgotten_connections() -> Iterator[None]:
    """arq and redis-py forget one that is cancelled, in some of sixty stops; the process of a worker would end here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
