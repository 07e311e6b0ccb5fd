"""Kinds of requests by turns: a busy moment of the machine hits all alike, and their ratio means something."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from bench.load import Answer
from bench.people import User, expected

# So many requests in a row are of one kind: most of them find the caches of the processor as the one before left them.
SLICE = 200


class Kind(NamedTuple):
    """A request to repeat, who sends it, and the status of its answer."""

    name: str
    status: int
    users: list[User]
    ask: Callable[[User], Awaitable[Answer]]


async def by_turns(kinds: Sequence[Kind], slices: int, first: int) -> list[float]:
    """Requests a second of each kind, in their order; the kind of number `first` begins."""
    seconds = [0.0 for _ in kinds]
    for _ in range(slices):
        for place in in_turn(len(kinds), first):
            seconds[place] += await seconds_of(kinds[place], SLICE)
    return [slices * SLICE / each for each in seconds]


def in_turn(count: int, first: int) -> list[int]:
    """The places 0, 1, 2… of so many, beginning with one of them."""
    return [(first + place) % count for place in range(count)]


async def seconds_of(kind: Kind, requests: int) -> float:
    """How long so many requests take, all users asking at the same time, each one after the other."""
    started = time.perf_counter()
    await latencies_of(kind, range(requests))
    return time.perf_counter() - started


async def latencies_of(kind: Kind, requests: Iterable[object]) -> list[float]:
    """Seconds of each answer, one for each of `requests`; all users ask at the same time, each one after the other."""
    left, seconds = iter(requests), list[float]()

    async def ask_on(user: User) -> None:
        for _ in left:
            seconds.append(expected(await kind.ask(user), kind.status).seconds)

    await asyncio.gather(*(ask_on(user) for user in kind.users))
    return seconds
