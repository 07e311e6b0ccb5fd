"""Rounds of a fault or of quiet: some list favourites without a pause, others add new films and search."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import asyncpg

from bench.call_log import Call
from bench.figures import CannotMeasure
from bench.people import User, expected
from bench.stack import Stack

FURNITURE = 20
LISTERS, ADDERS = 2, 2
LIST_PAUSE, ADD_PAUSE, SEARCH_PAUSE = 0.015, 0.25, 1.0
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 90

GATE_IS_CLOSED = "SELECT EXISTS (SELECT FROM upstream_gate WHERE closed_until > now())"
PENDING = "SELECT count(*) FROM film_sync WHERE status = 'pending'"
LEFT = """
    SELECT count(*) FILTER (WHERE status = 'pending') AS pending, count(*) FILTER (WHERE status = 'failed') AS failed,
        coalesce(max(attempts) FILTER (WHERE status = 'pending' AND claimed_at IS NULL), 0) AS attempts
    FROM film_sync
"""


@dataclass
class Round:
    """What was seen in one; times are those of the sandbox's log."""

    began: float = field(default_factory=time.time)
    ended: float = 0.0
    gate_closed: float | None = None
    lists: list[float] = field(default_factory=list)
    added: int = 0
    calls: list[Call] = field(default_factory=list)
    pending: int = 0
    failed: int = 0
    attempts: int = 0

    @property
    def calls_a_second(self) -> float:
        return len(self.calls) / (self.ended - self.began)

    @property
    def calls_a_second_behind_the_gate(self) -> float:
        """From its first closing on, probes included; where it stayed open, over all of the round."""
        since = self.gate_closed or self.began
        return sum(call.at >= since for call in self.calls) / (self.ended - since)


class Crew:
    """Those who list, add and search."""

    def __init__(self, stack: Stack, users: list[User], films: Iterator[int]) -> None:
        self._stack = stack
        self._listers, self._adders = users[:LISTERS], users[LISTERS : LISTERS + ADDERS]
        self._searchers = users[LISTERS + ADDERS :]
        self._films = films
        self._questions = count()

    async def furnish(self) -> None:
        """The listers have something to look at."""
        for _ in range(FURNITURE):
            film = next(self._films)
            for user in self._listers:
                expected(await user.add(film), 202)
        await until_none_pending(self._stack)

    async def work(self, seconds: int, strike: Callable[[Stack, int], Awaitable[None]] | None = None) -> Round:
        """One round, which the fault strikes first."""
        if strike:
            await strike(self._stack, seconds)
        seen = Round()
        end = time.perf_counter() + seconds
        await asyncio.gather(
            *(self._list(user, end, seen) for user in self._listers),
            *(self._add(user, end, seen) for user in self._adders),
            *(self._search(user, end) for user in self._searchers),
            self._watch(end, seen),
        )
        return seen

    async def _list(self, user: User, end: float, seen: Round) -> None:
        while time.perf_counter() < end:
            seen.lists.append(expected(await user.favourites(), 200).seconds)
            await asyncio.sleep(LIST_PAUSE)

    async def _add(self, user: User, end: float, seen: Round) -> None:
        while time.perf_counter() < end:
            expected(await user.add(next(self._films)), 202)
            seen.added += 1
            await asyncio.sleep(ADD_PAUSE)

    async def _search(self, user: User, end: float) -> None:
        while time.perf_counter() < end:
            expected(await user.search(f"film {next(self._questions)}"), 200)
            await asyncio.sleep(SEARCH_PAUSE)

    async def _watch(self, end: float, seen: Round) -> None:
        """Look at the gate meanwhile, and at everything when the time is over."""
        connection = await asyncpg.connect(self._stack.postgres_url)
        try:
            while time.perf_counter() < end:
                if seen.gate_closed is None and await connection.fetchval(GATE_IS_CLOSED):
                    seen.gate_closed = time.time()
                await asyncio.sleep(LOOK_SECONDS)
            seen.ended = time.time()
            seen.pending, seen.failed, seen.attempts = await connection.fetchrow(LEFT)
        finally:
            await connection.close()
        seen.calls = (await self._stack.upstream.log()).between(seen.began, seen.ended)


async def until_none_pending(stack: Stack) -> float:
    """How many seconds that took."""
    started = time.perf_counter()
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        while left := await connection.fetchval(PENDING):
            if time.perf_counter() - started > PATIENCE_SECONDS:
                raise CannotMeasure(f"{left} films were still pending after {PATIENCE_SECONDS} seconds.")
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    return time.perf_counter() - started
