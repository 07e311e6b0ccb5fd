"""Ending tasks that go on for ever."""

import asyncio


async def silence(*tasks: "asyncio.Task[None]") -> None:
    """Cancel until all are done: asyncio.wait_for, with which redis-py sends, can swallow one (Python 3.11)."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=0.2)
