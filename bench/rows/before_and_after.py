"""This version beside the one before the economy of calls: requests a second for adding, listing and opening films.

Both run at the same time, each with a PostgreSQL, a Valkey and one API process of its own, without workers. They take
turns every 200 requests, and only one of them is asked at a time. `--before COMMIT` names another version.
"""

import statistics
from dataclasses import replace
from itertools import count, cycle, islice

from rich.progress import track

from bench.crowd import crowd
from bench.earlier import commit_before_the_economy, name_of, sources_of
from bench.figures import Figure, Scale, spread
from bench.people import expected, films
from bench.stack import Layout, Stack, running_stack
from bench.turns import Kind, by_turns

CLIENTS = 4
SHELF = 20
LEAST_RATIO = 0.9
UNKNOWN_FILMS = 100_000_000


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices = scale.pick(7, 3), scale.pick(3, 1)
    commit = scale.before or commit_before_the_economy()
    alone = Layout(workers=0)
    with sources_of(commit) as source:
        async with running_stack(replace(alone, source=source)) as old, running_stack(alone) as new:
            sides = [await kinds(old), await kinds(new)]
            pace: list[list[list[float]]] = [[[] for _ in sides[0]] for _ in sides]
            for number in track(range(rounds + 1), "rounds"):
                for place, pair in enumerate(zip(*sides, strict=True)):
                    for side, figure in enumerate(await by_turns(pair, slices, first=number % 2)):
                        pace[side][place].append(figure)
    figures = [Figure("before", name_of(commit))]
    for place, kind in enumerate(sides[0]):
        figures += compared(kind.name, pace[0][place][1:], pace[1][place][1:])  # the first round only warms up
    return figures


async def kinds(stack: Stack) -> list[Kind]:
    """Readers with a shelf of stored films; others who add, each time a film that is new."""
    users = await crowd(stack, 2 * CLIENTS)
    readers, adders = users[:CLIENTS], users[CLIENTS:]
    shelf = list(islice(films(), SHELF))
    for film in shelf:
        expected(await readers[0].open(film), 200)
        for user in readers:
            expected(await user.add(film), 202)
    new, stored = count(UNKNOWN_FILMS), cycle(shelf)
    return [
        Kind("POST /movies/favorites", 202, adders, lambda user: user.add(next(new))),
        Kind(f"GET /movies/favorites, {SHELF} of them", 200, readers, lambda user: user.favourites(SHELF)),
        Kind("GET /movies/{id}, stored", 200, readers, lambda user: user.open(next(stored))),
    ]


def compared(name: str, old: list[float], new: list[float]) -> list[Figure]:
    ratios = [after / before for before, after in zip(old, new, strict=True)]
    ratio = statistics.median(ratios)
    return [
        Figure(f"{name}: before", spread(old, "/s")),
        Figure(f"{name}: now", spread(new, "/s")),
        Figure(f"{name}: now to before", spread(ratios, "times"), f"≥ {LEAST_RATIO}", ratio >= LEAST_RATIO),
    ]
