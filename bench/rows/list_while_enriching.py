"""The list of 20 favourites at 16 clients while a worker fetches 100 films, beside the same list with nothing to do.

Rounds alternate. Films are fetched at the rate that Kinopoisk allows by the default settings, so for some 7 seconds;
the undisturbed half of a round has as many requests.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice

from rich.progress import track

from bench.copies import ORIGINALS, store_copies, store_favourites
from bench.crowd import crowd
from bench.figures import Figure, Scale, in_ms, percentile, ratio, spread
from bench.people import User, expected, films
from bench.shelves import until_fetched
from bench.stack import Layout, running_stack
from bench.turns import Kind, latencies_of

CLIENTS, SHELF, AT_ONCE = 16, 20, 100
NO_QUOTA = {"KINOSHELF__BUDGET__DAILY_LIMIT": "-1"}
MOST_RATIO = 2.0


async def measure(scale: Scale) -> list[Figure]:
    rounds, at_once = scale.pick(7, 5), scale.pick(AT_ONCE, 30)
    async with running_stack(Layout(environment=NO_QUOTA)) as stack:
        await store_copies(stack, SHELF)
        readers, adders = await crowd(stack, CLIENTS, "reader"), await crowd(stack, rounds, "adder")
        await store_favourites(stack, "reader", SHELF, SHELF)
        kind = Kind("list", 200, readers, lambda user: user.favourites(SHELF))
        unseen = islice(films(), ORIGINALS, None)
        await latencies_of(kind, range(20 * CLIENTS))
        halves = [await both_halves(kind, adder, unseen, at_once) for adder in track(adders, "rounds")]
    quiet, busy = ([percentile(in_ms(half), 0.99) for half in side] for side in zip(*halves, strict=True))
    return [
        Figure("undisturbed: p99", spread(quiet, "ms")),
        Figure(f"while {at_once} films are fetched: p99", spread(busy, "ms")),
        ratio("busy ÷ undisturbed", [b / q for q, b in zip(quiet, busy, strict=True)], most=MOST_RATIO),
    ]


async def both_halves(kind: Kind, adder: User, unseen: Iterator[int], films: int) -> tuple[list[float], list[float]]:
    """Seconds of the answers without and with a worker at work."""
    for film in islice(unseen, films):
        expected(await adder.add(film), 202)
    fetching = asyncio.create_task(until_fetched(adder))
    busy = await latencies_of(kind, iter(fetching.done, True))
    await fetching
    return await latencies_of(kind, range(len(busy))), busy
