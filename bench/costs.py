"""What requests cost: CPU of the API and of PostgreSQL."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil

from bench.turns import Kind, seconds_of


class Cost(NamedTuple):
    """Of one request, in milliseconds of CPU of each process; and how many were answered in a second."""

    cpu: list[float]
    a_second: float


async def cost(kind: Kind, requests: int, processes: Sequence[psutil.Process]) -> Cost:
    """Of so many requests, after one of each user that warms it up."""
    await asyncio.gather(*(kind.ask(user) for user in kind.users))
    before = [cpu(process) for process in processes]
    seconds = await seconds_of(kind, requests)
    spent = [cpu(process) - earlier for process, earlier in zip(processes, before, strict=True)]
    return Cost([each * 1000 / requests for each in spent], requests / seconds)


def cpu(process: psutil.Process) -> float:
    """Seconds of it and of all below it that still runs, so far."""
    total = 0.0
    for member in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a worker of PostgreSQL that came and went
            times = member.cpu_times()
            total += times.user + times.system
    return total
