"""From adding a film to seeing it `ready` in the user's own list, while every upstream call takes 150 ms.

One user, then three at once; each adds one film after the other, with pauses, and looks at the list every 50 ms.
All limits are the defaults; the pauses keep the adds under the 14 calls a second that upstream may be asked.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from random import Random

from rich.progress import Progress

from bench.figures import Figure, Scale, at_most, exactly, in_ms, percentile
from bench.people import User, expected, films, new_users
from bench.stack import running_stack

UPSTREAM_SECONDS = 0.15
LARGEST_SECONDS = 1.2
TOGETHER = 3
# Of no even length: adds must not fall into step with the sweep.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.35


async def measure(scale: Scale) -> list[Figure]:
    adds = scale.pick(120, 15)
    async with running_stack() as stack:
        users = await new_users(stack.address, TOGETHER)
        await stack.upstream.answer_after(UPSTREAM_SECONDS)
        ids = films()
        await add_and_wait(users[0], next(ids))  # connections open, statements prepared
        with Progress() as progress:
            task = progress.add_task("adds", total=2 * adds)
            alone = await add_some(users[0], ids, adds, lambda: progress.advance(task))
            each = (add_some(user, ids, adds // TOGETHER, lambda: progress.advance(task)) for user in users)
            together = [value for mine in await asyncio.gather(*each) for value in mine]
        refused = (await stack.upstream.calls())["by_status"].get("429", 0)
    return [*report("one user", alone), *report(f"{TOGETHER} users", together), exactly("429 by upstream", refused, 0)]


def report(who: str, seconds: list[float]) -> list[Figure]:
    typical = percentile(in_ms(seconds), 0.5)
    return [
        Figure(f"{who}: median of {len(seconds)} adds", f"{typical:.0f} ms"),
        at_most(f"{who}: p95", percentile(seconds, 0.95), LARGEST_SECONDS, "s"),
        Figure(f"{who}: longest", f"{max(seconds):.2f} s"),
    ]


async def add_some(user: User, ids: Iterator[int], adds: int, done: Callable[[], None]) -> list[float]:
    pauses, seconds = Random(1), []
    for _ in range(adds):
        seconds.append(await add_and_wait(user, next(ids)))
        done()
        await asyncio.sleep(pauses.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
    return seconds


async def add_and_wait(user: User, film: int) -> float:
    started = time.perf_counter()
    expected(await user.add(film), 202)
    return await user.until_ready(film) - started
