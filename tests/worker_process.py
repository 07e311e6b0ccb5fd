"""A worker inside the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
                await silence(ringing)
                await context["heartbeat"].leave()
                await silence(beating)
                drain.stop()
                catalogue.stop()
                await asyncio.wait(working)
