"""The first start with an empty database, as a visitor sees it: recommendations at large and of each genre.

The sandbox keeps to a free plan: 500 calls a day, of which the catalogue may have 200, and the published rates. Asked
is from the moment at which the API answers on; a genre is full when it shows as many films as it has, five at the most.
"""

import asyncio
import time
from dataclasses import replace
from typing import Any

from bench.figures import CannotMeasure, Figure, Scale, at_most, exactly
from bench.load import Connection
from bench.people import expected
from bench.shelves import WITH_CATALOGUE, until_recommended
from bench.stack import running_stack

LONGEST_SECONDS = 60
SHOWN = 5
FREE_PLAN = replace(WITH_CATALOGUE, sandbox=())


async def measure(scale: Scale) -> list[Figure]:
    async with running_stack(FREE_PLAN) as stack:
        started = time.perf_counter()
        await until_recommended(stack)
        first = time.perf_counter() - started
        visitor = Connection(*stack.address)
        names = [item["film"]["name_ru"] for item in await listed(visitor)]
        last = await until_loaded(visitor, started)
        genres = expected(await visitor.send("GET", "/genres"), 200).json()
        short = [genre["slug"] for genre in genres if genre["films"] >= SHOWN and not await is_full(visitor, genre)]
        visitor.close()
    with_five = sum(genre["films"] >= SHOWN for genre in genres)
    return [
        at_most("five films for a visitor", first, LONGEST_SECONDS, "s"),
        Figure("the first five", ", ".join(names)),
        at_most("the last time that there was a film more in any genre", last, LONGEST_SECONDS, "s"),
        exactly(f"of {with_five} genres with five films: those that show less", len(short), 0),
        Figure("genres and films in them", ", ".join(f"{genre['slug']} {genre['films']}" for genre in genres)),
    ]


async def until_loaded(visitor: Connection, started: float) -> float:
    """Look until nothing has come for a while; when the last of it came, in seconds after the start."""
    films, came = 0, 0.0
    while time.perf_counter() - started < 2 * LONGEST_SECONDS:
        genres = expected(await visitor.send("GET", "/genres"), 200).json()
        now, before = sum(genre["films"] for genre in genres), films
        if now > before:
            films, came = now, time.perf_counter() - started
        elif time.perf_counter() - started > came + LONGEST_SECONDS / 2:
            return came
        await asyncio.sleep(1)
    raise CannotMeasure("The catalogue went on growing.")


async def is_full(visitor: Connection, genre: dict[str, Any]) -> bool:
    """Five films, each of them of that genre."""
    items = await listed(visitor, f"?genre={genre['slug']}")
    return len(items) == SHOWN and all(
        genre["id"] in [known["id"] for known in item["film"]["genres"]] for item in items
    )


async def listed(visitor: Connection, query: str = "") -> list[dict[str, Any]]:
    return list(expected(await visitor.send("GET", f"/recommendations{query}"), 200).json()["items"])
