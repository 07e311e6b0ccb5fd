"""16 users add films as fast as they get answers, each film new: with upstream calls of 5 s, and with instant ones.

Rounds of both kinds alternate, each from an empty list of films; what adding costs must not depend on upstream.
"""

import asyncio
import statistics
from collections.abc import Iterator
from itertools import chain, count

from rich.progress import track

from bench.figures import CannotMeasure, Figure, Scale, at_most, in_ms, percentile, spread
from bench.people import User, expected, films, new_users
from bench.stack import Stack, running_stack

CLIENTS = 16
SLOW_SECONDS = 5.0
LARGEST_RATIO = 5
LARGEST_MS = 100
UNKNOWN_FILMS = 100_000_000


async def measure(scale: Scale) -> list[Figure]:
    rounds, adds = scale.pick(4, 1), scale.pick(100, 60)
    instant, slow = [], []
    async with running_stack() as stack:
        users = await new_users(stack.address, CLIENTS)
        await one_round(stack, users, adds=10, upstream_seconds=0)  # connections open, statements prepared
        for _ in track(range(rounds), "rounds"):
            slow.append(await one_round(stack, users, adds, SLOW_SECONDS))
            instant.append(await one_round(stack, users, adds, 0))
    return report(instant, slow)


def report(instant: list[list[float]], slow: list[list[float]]) -> list[Figure]:
    fast99, slow99 = ([percentile(times, 0.99) for times in kind] for kind in (instant, slow))
    ratios = [one / other for one, other in zip(slow99, fast99, strict=True)]
    medians = [[percentile(times, 0.5) for times in kind] for kind in (instant, slow)]
    each = f"{len(instant)} rounds of {len(instant[0])} adds"
    return [
        Figure(f"median add, instant upstream ({each})", spread(medians[0], "ms")),
        Figure(f"median add, upstream takes {SLOW_SECONDS:g} s", spread(medians[1], "ms")),
        Figure("p99, instant upstream", spread(fast99, "ms")),
        at_most(
            f"p99, upstream takes {SLOW_SECONDS:g} s", statistics.median(slow99), LARGEST_MS, "ms", spread(slow99, "ms")
        ),
        at_most("p99, slow to instant", statistics.median(ratios), LARGEST_RATIO, "times", spread(ratios, "times")),
    ]


async def one_round(stack: Stack, users: list[User], adds: int, upstream_seconds: float) -> list[float]:
    """Milliseconds of each add."""
    await stack.forget_films()
    await stack.upstream.answer_after(upstream_seconds)
    before = (await stack.upstream.calls())["total"]
    ids = chain(films(), count(UNKNOWN_FILMS))
    seconds = await asyncio.gather(*(add_some(user, ids, adds) for user in users))
    if (await stack.upstream.calls())["total"] == before:
        raise CannotMeasure("Upstream was not asked during a round: is the worker at work?")
    return in_ms([value for mine in seconds for value in mine])


async def add_some(user: User, ids: Iterator[int], adds: int) -> list[float]:
    return [expected(await user.add(next(ids)), 202).seconds for _ in range(adds)]
