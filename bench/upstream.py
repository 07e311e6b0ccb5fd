"""The sandbox of Kinopoisk as upstream: how slow it is, what goes wrong, what it was asked."""

import asyncio
import time
from typing import Any

from bench.figures import CannotMeasure
from bench.load import Connection
from bench.people import expected


class Upstream:
    """The control of one sandbox."""

    def __init__(self, host: str, port: int) -> None:
        self._control = Connection(host, port)

    async def answer_after(self, seconds: float) -> None:
        """Every call takes so long from now on."""
        expected(await self._control.send("PUT", "/sandbox/settings", {"latency_ms": seconds * 1000}), 200)

    async def hang(self) -> None:
        """No call is answered any more."""
        expected(await self._control.send("POST", "/sandbox/faults", {"kind": "hang"}), 200)

    async def recover(self) -> None:
        expected(await self._control.send("DELETE", "/sandbox/faults"), 204)

    async def calls(self) -> dict[str, Any]:
        answer = await self._control.send("GET", "/sandbox/calls?log=0")
        return dict(expected(answer, 200).json())

    async def idle(self, patience_seconds: float = 20) -> None:
        """Wait until no call is under way."""
        end = time.perf_counter() + patience_seconds
        while (await self.calls())["in_flight"]:
            if time.perf_counter() > end:
                raise CannotMeasure(f"Calls are still under way after {patience_seconds:g} seconds.")
            await asyncio.sleep(0.1)
