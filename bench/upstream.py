"""The sandbox of Kinopoisk as upstream: how slow it is, what goes wrong, what it was asked."""

import asyncio
import time
from typing import Any

from bench.call_log import CallLog
from bench.figures import CannotMeasure
from bench.load import Connection
from bench.people import expected


class Upstream:
    """The control of one sandbox."""

    def __init__(self, host: str, port: int) -> None:
        self._control = Connection(host, port)

    def close(self) -> None:
        self._control.close()

    async def answer_after(self, seconds: float) -> None:
        """Every call takes so long from now on."""
        await self.settings(latency_ms=seconds * 1000)

    async def hang(self) -> None:
        """No call is answered any more."""
        await self.fault("hang")

    async def recover(self) -> None:
        expected(await self._control.send("DELETE", "/sandbox/faults"), 204)

    async def calls(self) -> dict[str, Any]:
        answer = await self._control.send("GET", "/sandbox/calls?log=0")
        return dict(expected(answer, 200).json())

    async def log(self) -> CallLog:
        """Every call, with its time and how it was answered."""
        return CallLog.read(dict(expected(await self._control.send("GET", "/sandbox/calls"), 200).json()))

    async def settings(self, **changes: Any) -> None:
        expected(await self._control.send("PUT", "/sandbox/settings", changes), 200)

    async def fault(self, kind: str, **how: Any) -> None:
        expected(await self._control.send("POST", "/sandbox/faults", {"kind": kind, **how}), 200)

    async def forget(self) -> None:
        """No call was ever made: log, quota and rates begin anew."""
        expected(await self._control.send("DELETE", "/sandbox/calls"), 204)

    async def idle(self, patience_seconds: float = 20) -> None:
        """Wait until no call is under way."""
        end = time.perf_counter() + patience_seconds
        while (await self.calls())["in_flight"]:
            if time.perf_counter() > end:
                raise CannotMeasure(f"Calls are still under way after {patience_seconds:g} seconds.")
            await asyncio.sleep(0.1)
