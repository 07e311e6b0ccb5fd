"""A service that has something to recommend: the catalogue loaded, people with favourites, a model made of both."""

import asyncio
import time
from itertools import islice
from random import Random

from bench.crowd import crowd
from bench.figures import CannotMeasure
from bench.load import Connection
from bench.people import User, expected
from bench.stack import Layout, Stack
from dev.processes import run_to_end
from dev.sandbox.films import load_films

WITH_CATALOGUE = Layout(environment={"KINOSHELF__CATALOGUE__ENABLED": "true"})
PATIENCE_SECONDS = 90
# People take favourites from so many of the best known films, so that films have people in common.
POPULAR = 300


async def readers(stack: Stack, count: int, shelf: int) -> list[User]:
    """Users with so many favourites each, all of them fetched, and a model that knows them."""
    await until_recommended(stack)
    users = await crowd(stack, count)
    known = sorted(load_films().values(), key=lambda film: -film.votes)[:POPULAR]
    for number, user in enumerate(users):
        for film in islice(Random(number).sample(known, shelf), shelf):
            expected(await user.add(film.id), 202)
    for user in users:
        await until_fetched(user)
    rebuild(stack)
    return users


def rebuild(stack: Stack) -> None:
    """By hand, as an operator would. Raises CannotStart where it fails."""
    starter = stack.starter
    run_to_end(starter.launch("rebuild", "worker.rebuild", "recommendations"), starter.interrupts)


async def until_recommended(stack: Stack, patience_seconds: float = PATIENCE_SECONDS) -> float:
    """Look as an anonymous visitor until there is a list; answers after how many seconds."""
    visitor, started = Connection(*stack.address), time.perf_counter()
    while time.perf_counter() - started < patience_seconds:
        if len(expected(await visitor.send("GET", "/recommendations"), 200).json()["items"]) == 5:
            visitor.close()
            return time.perf_counter() - started
        await asyncio.sleep(0.1)
    raise CannotMeasure(f"Nothing was recommended within {patience_seconds:g} seconds.")


async def until_fetched(user: User) -> None:
    started = time.perf_counter()
    while await user.pending():
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise CannotMeasure(f"Favourites were still pending after {PATIENCE_SECONDS} seconds.")
        await asyncio.sleep(0.1)
