"""Somebody adds 3,000 films; then somebody else adds 5, on a plan of 250 calls a day: whose turn is it?

The place of the five among all calls made after their add, by the sandbox's log. Two of them are also the last of the
3,000. Two APIs, two workers, compressed.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import chain, count, islice

from rich.progress import track

from bench.call_log import FILM, CallLog
from bench.compressed import Day
from bench.crowd import crowd
from bench.figures import CannotMeasure, Figure, Scale, at_most, exactly
from bench.people import User, expected, films
from bench.stack import Layout, running_stack

QUOTA = 250
FEW = 5
# So many of the five stand at the very end of the long list too.
SHARED = 2
AMONG_THE_FIRST = 20
AT_A_TIME = 8
UNKNOWN_FILMS = 100_000_000


async def measure(scale: Scale) -> list[Figure]:
    day, many = Day(scale.pick(60, 30), QUOTA), scale.pick(3_000, 600)
    layout = Layout(apis=2, workers=2, environment=day.environment, sandbox=day.sandbox)
    async with running_stack(layout) as stack:
        greedy, modest = await crowd(stack, 2)
        ids = films()
        few = list(islice(ids, FEW))
        await add_many(greedy, chain(ids, count(UNKNOWN_FILMS)), many)
        for film in few[-SHARED:]:
            expected(await greedy.add(film), 202)
        asked_at, before = time.time(), len((await stack.upstream.log()).counted)
        for film in few:
            expected(await modest.add(film), 202)
        seconds = await until_all_ready(modest, 2 * day.seconds)
        log = await stack.upstream.log()
    places = places_of(few, log, asked_at)
    return [
        day.figure,
        Figure(f"calls made before the {FEW} were added", str(before)),
        exactly(f"of the {FEW}, called at all", len(places), FEW),
        at_most(
            f"place of the last of the {FEW} among the calls after their add",
            max(places, default=0),
            AMONG_THE_FIRST,
            "",
            f"{max(places, default=0)} (places {', '.join(map(str, places))})",
        ),
        Figure(f"all {FEW} ready after", f"{seconds:.1f} s, the new day of the quota included"),
    ]


async def add_many(user: User, ids: Iterator[int], many: int) -> None:
    left = iter(track(range(many), "adds"))

    async def add_some() -> None:
        connection = user.another_connection()
        for _ in left:
            film = {"kinopoisk_id": next(ids)}
            expected(await connection.send("POST", "/movies/favorites", film), 202)

    await asyncio.gather(*(add_some() for _ in range(AT_A_TIME)))


async def until_all_ready(user: User, patience_seconds: float) -> float:
    started = time.perf_counter()
    while await user.pending():
        if time.perf_counter() - started > patience_seconds:
            raise CannotMeasure(f"Films were still pending after {patience_seconds:g} seconds.")
        await asyncio.sleep(0.1)
    return time.perf_counter() - started


def places_of(few: list[int], log: CallLog, asked_at: float) -> list[int]:
    """1 is the first call that began after the films were added."""
    after = [call.film for call in log.calls if call.at >= asked_at and call.path == FILM]
    return sorted(after.index(film) + 1 for film in few if film in after)
