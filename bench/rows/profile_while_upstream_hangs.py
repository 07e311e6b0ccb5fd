"""GET /profile while upstream answers nothing and 30 requests wait for it: 15 for a search, 15 for details of films.

A waiter that gets its 503 asks again, so that 30 wait all the time. Quiet and hanging rounds alternate.
"""

import asyncio
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from rich.progress import track

from bench.figures import CannotMeasure, Figure, Scale, at_most, in_ms, percentile, spread
from bench.people import User, expected, new_users
from bench.stack import Stack, running_stack

WAITERS = 30
LARGEST_RATIO = 3
SETTLE_SECONDS = 1.5
PAUSE_SECONDS = 0.01

wanted = count(100_000_000)


class Crowd:
    """Requests that wait for upstream, and what they were told in the end."""

    def __init__(self, users: list[User]) -> None:
        self._users = users
        self.told: Counter[int] = Counter()

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._ask(user, number % 2 == 0)) for number, user in enumerate(self._users)]
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            yield
            for task in tasks:
                if task.done():
                    task.result()  # it ends with an error only
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, user: User, search: bool) -> None:
        connection = user.another_connection()
        while True:
            number = next(wanted)
            path = f"/movies/search?query=film{number}" if search else f"/movies/{number}"
            self.told[(await connection.send("GET", path)).status] += 1


async def measure(scale: Scale) -> list[Figure]:
    rounds, requests = scale.pick(4, 1), scale.pick(400, 150)
    quiet, hanging, in_flight = [], [], []
    async with running_stack() as stack:
        users = await new_users(stack.address, 3)
        crowd = Crowd([users[number % 2 + 1] for number in range(WAITERS)])
        await profiles(users[0], 50)  # connections open, statements prepared
        for _ in track(range(rounds), "rounds"):
            quiet.append(await profiles(users[0], requests))
            await stack.upstream.hang()
            async with crowd.waiting():
                hanging.append(await profiles(users[0], requests))
                in_flight.append((await stack.upstream.calls())["in_flight"])
            await calm(stack)
    if not all(in_flight):
        raise CannotMeasure("No upstream call hung during a round.")
    return report(quiet, hanging, in_flight, crowd.told)


async def calm(stack: Stack) -> None:
    """Calls that hang end by their time-outs; no film of the round is left for the worker."""
    await stack.upstream.recover()
    await stack.forget_films()


async def profiles(user: User, requests: int) -> list[float]:
    """Milliseconds of each."""
    seconds = []
    for _ in range(requests):
        seconds.append(expected(await user.profile(), 200).seconds)
        await asyncio.sleep(PAUSE_SECONDS)
    return in_ms(seconds)


def report(
    quiet: list[list[float]], hanging: list[list[float]], in_flight: list[int], told: Counter[int]
) -> list[Figure]:
    medians = [percentile([time for times in kind for time in times], 0.5) for kind in (quiet, hanging)]
    quiet95, hanging95 = ([percentile(times, 0.95) for times in kind] for kind in (quiet, hanging))
    ratios = [one / other for one, other in zip(hanging95, quiet95, strict=True)]
    each = f"{len(quiet)} rounds of {len(quiet[0])} requests"
    answers = ", ".join(f"{times} × {status}" for status, times in sorted(told.items()))
    return [
        Figure("median undisturbed, and while they wait", f"{medians[0]:.3g} ms, {medians[1]:.3g} ms"),
        Figure(f"p95 undisturbed ({each})", spread(quiet95, "ms")),
        Figure(f"p95 while {WAITERS} wait", spread(hanging95, "ms")),
        at_most(
            "p95, hanging to undisturbed", statistics.median(ratios), LARGEST_RATIO, "times", spread(ratios, "times")
        ),
        Figure("upstream calls that hung at the same time", f"{min(in_flight)} to {max(in_flight)}"),
        Figure("what the waiters were told", answers or "nothing yet"),
    ]
