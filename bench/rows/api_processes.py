"""Requests a second for a list of 20 favourites, and their CPU, with one, two and four API processes, 16 clients.

The people are spread over the processes; the three ways alternate every 200 requests. How much more two processes do
than one depends on the cores: PostgreSQL and the clients of this bench need some of them too.
"""

import psutil
from rich.progress import track

from bench.copies import store_copies, store_favourites
from bench.costs import cost
from bench.crowd import crowd
from bench.figures import Figure, Scale, ratio, spread
from bench.stack import Layout, Stack, running_stack
from bench.turns import Kind, by_turns

CLIENTS, SHELF = 16, 20
COUNTS = (1, 2, 4)


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices, requests = scale.pick(7, 5), scale.pick(5, 2), scale.pick(4_000, 500)
    async with running_stack(Layout(apis=max(COUNTS), workers=0)) as stack:
        kinds = await spread_over(stack)
        turns = [await by_turns(kinds, slices, number % len(kinds)) for number in track(range(rounds + 1), "rounds")]
        paces = list(zip(*turns[1:], strict=True))
        processes = [psutil.Process(stack.children[name].process.pid) for name in (*stack.parts, "PostgreSQL")]
        costs = [await cost(kind, requests, processes) for kind in kinds]
    figures = []
    for kind, pace, (spent, _) in zip(kinds, paces, costs, strict=True):
        figures.append(Figure(kind.name, spread(pace, "/s")))
        figures.append(Figure(f"{kind.name}: CPU", f"API {sum(spent[:-1]):.3f} ms, PostgreSQL {spent[-1]:.3f} ms"))
    for kind, pace in zip(kinds[1:], paces[1:], strict=True):
        ratios = [more / one for more, one in zip(pace, paces[0], strict=True)]
        figures.append(ratio(f"{kind.name} ÷ {kinds[0].name}", ratios))
    return figures


async def spread_over(stack: Stack) -> list[Kind]:
    """The same people, asking so many of the API processes."""
    await store_copies(stack, SHELF)
    users = await crowd(stack, CLIENTS)
    await store_favourites(stack, "somebody", SHELF, SHELF)
    return [
        Kind(
            f"{count} API process{'es' * (count > 1)}",
            200,
            [user.elsewhere(stack.addresses[number % count]) for number, user in enumerate(users)],
            lambda user: user.favourites(SHELF),
        )
        for count in COUNTS
    ]
