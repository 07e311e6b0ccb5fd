"""Memory of one API and one worker process after they were kept busy, and how long an API takes to start.

Busy with lists, searches, films that are opened and added, and the fetching of them all; upstream is instant and
without limits. Started is one more API beside the first: from the process to the first 200 of /health/ready.
"""

import statistics
import time
from itertools import count, islice

from rich.progress import track

from bench.crowd import crowd
from bench.figures import Figure, Scale, spread
from bench.people import films
from bench.process_tree import memory
from bench.shelves import until_fetched
from bench.sides import start_side
from bench.stack import LIFTED, UNLIMITED, Layout, Stack, running_stack
from bench.turns import Kind, seconds_of
from dev.sandbox.films import load_films

CLIENTS = 16
MOST_MB = 120
MOST_SECONDS = 1.5
STARTS = 5


async def measure(scale: Scale) -> list[Figure]:
    requests = scale.pick(10_000, 400)
    async with running_stack(Layout(environment=LIFTED, sandbox=UNLIMITED)) as stack:
        await keep_busy(stack, requests)
        held = {name: memory(stack.children[name].process.pid).resident for name in stack.parts}
        starts = [seconds_to_start(stack, number) for number in range(STARTS)]
    started = statistics.median(starts)
    return [
        *(
            Figure(f"resident memory of the {name}", f"{mb:.0f} MB", f"≤ {MOST_MB} MB", mb <= MOST_MB, mb)
            for name, mb in held.items()
        ),
        Figure("start of an API", spread(starts, "s"), f"≤ {MOST_SECONDS} s", started <= MOST_SECONDS, started),
    ]


async def keep_busy(stack: Stack, requests: int) -> None:
    """So many lists, a quarter as many of each of the others."""
    users = await crowd(stack, CLIENTS)
    known, number = list(islice(films(), 1_000)), count()
    names = [film.name_ru or film.name_original or "кино" for film in load_films().values()]
    kinds = [
        Kind("add", 202, users, lambda user: user.add(known[next(number) % len(known)])),
        Kind("search", 200, users, lambda user: user.search(names[next(number) % len(names)])),
        Kind("open", 200, users, lambda user: user.open(known[next(number) % len(known)])),
        Kind("list", 200, users, lambda user: user.favourites(20)),
    ]
    for kind in track(kinds, "requests"):
        await seconds_of(kind, requests if kind.name == "list" else requests // 4)
    for user in users:
        await until_fetched(user)


def seconds_to_start(stack: Stack, number: int) -> float:
    """Of one more, which is there until the end."""
    started = time.perf_counter()
    start_side(stack, f"started {number}", "api", {})
    return time.perf_counter() - started
