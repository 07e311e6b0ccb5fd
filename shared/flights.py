"""Single flight within a process: equal wishes made at the same time share one task."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from structlog.contextvars import unbind_contextvars

Result = TypeVar("Result")


class Flights(Generic[Result]):
    """Tasks under way, by key."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Result]] = {}

    async def join(self, key: Hashable, start: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the task under this key, started if there is none; a caller that leaves stops no other."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.ensure_future(self._fly(key, start))
            task.add_done_callback(_look_at_the_error)
        return await asyncio.shield(task)

    async def _fly(self, key: Hashable, start: Callable[[], Awaitable[Result]]) -> Result:
        unbind_contextvars("user_id")  # many share this task, and its log lines are nobody's own
        try:
            return await start()
        finally:
            del self._tasks[key]

    async def land(self, patience_seconds: float) -> None:
        """Wait for what is under way, and cancel what takes longer."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=patience_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _look_at_the_error(task: "asyncio.Task[Result]") -> None:
    """When every caller has left, an error must not be reported as forgotten."""
    if not task.cancelled():
        task.exception()
