"""From adding the first film of one's recommendations to a list that is another one and has the film no more."""

import asyncio
import time

from rich.progress import track

from bench.figures import CannotMeasure, Figure, Scale, at_most, in_ms, percentile
from bench.people import User, expected
from bench.shelves import WITH_CATALOGUE, readers
from bench.stack import running_stack

PEOPLE = 10
SHELF = 5
MOST_SECONDS = 2
PATIENCE_SECONDS = 10


async def measure(scale: Scale) -> list[Figure]:
    tries = scale.pick(200, 40)
    async with running_stack(WITH_CATALOGUE) as stack:
        users = await readers(stack, PEOPLE, SHELF)
        seconds = [await try_once(users[number % PEOPLE]) for number in track(range(tries), "tries")]
    in_time = sum(each <= MOST_SECONDS for each in seconds)
    return [
        Figure(
            f"another list within {MOST_SECONDS} s, without the film",
            f"{in_time} of {tries}",
            f"{tries} of {tries}",
            in_time == tries,
        ),
        at_most("the longest", max(in_ms(seconds)), MOST_SECONDS * 1000, "ms"),
        Figure("half of them within", f"{percentile(in_ms(seconds), 0.5):.1f} ms"),
    ]


async def try_once(user: User) -> float:
    before = await listed(user)
    started = time.perf_counter()
    expected(await user.add(before[0]), 202)
    while (now := await listed(user)) == before or before[0] in now:
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise CannotMeasure(f"The list was the same after {PATIENCE_SECONDS} seconds.")
        await asyncio.sleep(0.01)
    return time.perf_counter() - started


async def listed(user: User) -> list[int]:
    items = expected(await user.recommendations(), 200).json()["items"]
    return [item["film"]["kinopoisk_id"] for item in items]
