"""Two kinds of requests by turns: a busy moment of the machine hits both alike, and their ratio means something."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bench.load import Answer
from bench.people import User, expected

# So many requests in a row are of one kind.
SLICE = 50


class Kind(NamedTuple):
    """A request to repeat, who sends it, and the status of its answer."""

    name: str
    status: int
    users: list[User]
    ask: Callable[[User], Awaitable[Answer]]


async def by_turns(pair: tuple[Kind, Kind], slices: int, first: int) -> list[float]:
    """Requests a second of both; `first` of the two begins."""
    seconds = [0.0, 0.0]
    for _ in range(slices):
        for side in (first, 1 - first):
            seconds[side] += await seconds_of(pair[side], SLICE)
    return [slices * SLICE / each for each in seconds]


async def seconds_of(kind: Kind, requests: int) -> float:
    """How long so many requests take, all users asking at the same time, each one after the other."""
    left = iter(range(requests))

    async def ask_on(user: User) -> None:
        for _ in left:
            expected(await kind.ask(user), kind.status)

    started = time.perf_counter()
    await asyncio.gather(*(ask_on(user) for user in kind.users))
    return time.perf_counter() - started
