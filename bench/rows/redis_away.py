"""Redis is stopped, then frozen (SIGSTOP), while a user goes on adding films and looking at the list.

The first request comes at once after the fault. When Redis is back, everything pending must become ready.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.progress import track

from bench.figures import CannotMeasure, Figure, Scale, at_most, exactly
from bench.load import Answer
from bench.people import User, films, new_user
from bench.stack import running_stack

LARGEST_SECONDS = 1.0
UPSTREAM_SECONDS = 0.15
# All pairs together take longer than the pause after which Redis is tried again: some requests come at a trial.
PAUSE_SECONDS = 0.15
PATIENCE_SECONDS = 60


@dataclass
class Fault:
    """What was seen while Redis was away, and after."""

    adds: list[Answer] = field(default_factory=list)
    lists: list[Answer] = field(default_factory=list)
    pending: int = 0
    recovery_seconds: float = 0


async def measure(scale: Scale) -> list[Figure]:
    pairs, ids = scale.pick(60, 30), films()
    async with running_stack() as stack:
        user = await new_user(stack.address, "anna")
        await stack.upstream.answer_after(UPSTREAM_SECONDS)
        await user.add(next(ids))
        await until_all_ready(user)
        redis = stack.redis
        stopped = await one_fault(user, ids, pairs, redis.stop, redis.start)
        frozen = await one_fault(user, ids, pairs, redis.pause, redis.resume)
    return [*report("stopped", stopped), *report("frozen", frozen)]


async def one_fault(
    user: User, ids: Iterator[int], pairs: int, strike: Callable[[], None], end: Callable[[], None]
) -> Fault:
    seen = Fault()
    strike()
    try:
        for _ in track(range(pairs), "adds and lists"):
            seen.adds.append(await user.add(next(ids)))
            seen.lists.append(await user.favourites())
            await asyncio.sleep(PAUSE_SECONDS)
        seen.pending = await user.pending()
    finally:
        end()
    seen.recovery_seconds = await until_all_ready(user)
    return seen


async def until_all_ready(user: User) -> float:
    """How many seconds until nothing is pending."""
    started = time.perf_counter()
    while await user.pending():
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise CannotMeasure(f"Films were still pending after {PATIENCE_SECONDS} seconds.")
        await asyncio.sleep(0.1)
    return time.perf_counter() - started


def report(how: str, seen: Fault) -> list[Figure]:
    adds, lists = [answer.seconds for answer in seen.adds], [answer.seconds for answer in seen.lists]
    accepted = sum(answer.status == 202 for answer in seen.adds)
    listed = sum(answer.status == 200 for answer in seen.lists)
    return [
        exactly(f"Redis {how}: adds answered with 202", accepted, len(adds), f" of {len(adds)}"),
        exactly(f"Redis {how}: lists answered with 200", listed, len(lists), f" of {len(lists)}"),
        Figure(f"Redis {how}: first add, first list", f"{adds[0] * 1000:.0f} ms, {lists[0] * 1000:.0f} ms"),
        at_most(f"Redis {how}: slowest add", max(adds), LARGEST_SECONDS, "s"),
        at_most(f"Redis {how}: slowest list", max(lists), LARGEST_SECONDS, "s"),
        Figure(f"Redis {how}: {seen.pending} films pending, all ready after", f"{seen.recovery_seconds:.1f} s"),
    ]
