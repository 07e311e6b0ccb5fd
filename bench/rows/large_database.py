"""Requests a second for a list of 20 favourites in a database of a million favourites, beside a nearly empty one.

Two services, each with a PostgreSQL of its own and one API process, by turns every 200 requests, 16 clients. In the
large one 10,000 people have 100 favourites each, of 20,000 films.
"""

import asyncpg
from rich.progress import track

from bench.copies import store_copies, store_favourites, store_people
from bench.crowd import crowd
from bench.figures import Figure, Scale, ratio, spread
from bench.stack import Layout, Stack, running_stack
from bench.turns import Kind, by_turns

CLIENTS, SHELF = 16, 20
FILMS, EACH = 20_000, 100
LEAST_RATIO = 0.9


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices, people = scale.pick(9, 5), scale.pick(5, 2), scale.pick(10_000, 1_000)
    alone = Layout(workers=0)
    async with running_stack(alone) as empty, running_stack(alone) as large:
        pair = [await lists(empty, "nearly empty", SHELF), await lists(large, "large", FILMS)]
        await store_people(large, "other", people)
        await store_favourites(large, "other", EACH, FILMS)
        paces = [await by_turns(pair, slices, first=number % 2) for number in track(range(rounds + 1), "rounds")][1:]
        rows = [await favourites_in(stack) for stack in (empty, large)]
    return [
        *(
            Figure(f"{kind.name}: {rows[side]:,} favourites", spread([pace[side] for pace in paces], "/s"))
            for side, kind in enumerate(pair)
        ),
        ratio("large ÷ nearly empty", [large / empty for empty, large in paces], least=LEAST_RATIO),
    ]


async def lists(stack: Stack, name: str, films: int) -> Kind:
    """People with 20 favourites each in a database of so many films."""
    await store_copies(stack, films)
    users = await crowd(stack, CLIENTS, "reader")
    await store_favourites(stack, "reader", SHELF, films)
    return Kind(name, 200, users, lambda user: user.favourites(SHELF))


async def favourites_in(stack: Stack) -> int:
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM favourite"))
    finally:
        await connection.close()
