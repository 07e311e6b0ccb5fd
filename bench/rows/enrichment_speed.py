"""How many films one worker fetches in a second, and how soon a film that was added is ready, with an instant upstream.

Rates, quota and shares are lifted by settings, and 16 films may be under way at once. The speed is that of a backlog of
films put into the queue in one statement; how soon one is ready is seen by looking at it every 2 ms.
"""

import asyncio
import time
from itertools import islice

import asyncpg
from rich.progress import track

from bench.crowd import crowd
from bench.figures import CannotMeasure, Figure, Scale, in_ms, percentile, spread
from bench.people import User, expected, films
from bench.stack import LIFTED, UNLIMITED, Layout, Stack, running_stack

LEAST_A_SECOND = 200
LOOK_SECONDS = 0.002
PATIENCE_SECONDS = 60
QUEUE = "INSERT INTO film_sync (kinopoisk_id) SELECT unnest($1::int[])"
PENDING = "SELECT count(*) FROM film_sync WHERE status = 'pending'"
# From the first film that was received to the last.
SPEED = "SELECT (count(*) - 1) / extract(epoch FROM max(fetched_at) - min(fetched_at)) FROM film_sync"


async def measure(scale: Scale) -> list[Figure]:
    rounds, backlog, adds = scale.pick(7, 5), scale.pick(1_500, 400), scale.pick(500, 60)
    async with running_stack(Layout(environment=LIFTED, sandbox=UNLIMITED)) as stack:
        speeds = [await speed(stack, backlog) for _ in track(range(rounds + 1), "rounds")][1:]
        await stack.forget_films()
        [user] = await crowd(stack, 1)
        waits = in_ms([await wait_for(user, film) for film in track(list(islice(films(), adds)), "adds")])
    typical = sorted(speeds)[len(speeds) // 2]
    return [
        Figure("films a second", spread(speeds, "/s"), f"≥ {LEAST_A_SECOND} /s", typical >= LEAST_A_SECOND, typical),
        *(
            Figure(f"from adding to ready: {name} of {adds}", f"{percentile(waits, share):.1f} ms")
            for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
    ]


async def speed(stack: Stack, backlog: int) -> float:
    """Of so many films that nobody has fetched before."""
    await stack.forget_films()
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        await connection.execute(QUEUE, list(islice(films(), backlog)))
        end = time.perf_counter() + PATIENCE_SECONDS
        while await connection.fetchval(PENDING):
            if time.perf_counter() > end:
                raise CannotMeasure(f"Films were still pending after {PATIENCE_SECONDS} seconds.")
            await asyncio.sleep(0.1)
        return float(await connection.fetchval(SPEED))
    finally:
        await connection.close()


async def wait_for(user: User, film: int) -> float:
    """Seconds from asking for it until its details are there."""
    started = time.perf_counter()
    answer = expected(await user.add(film), 202)
    while answer.json()["status"] != "ready":
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise CannotMeasure(f"Film {film} was not ready after {PATIENCE_SECONDS} seconds.")
        await asyncio.sleep(LOOK_SECONDS)
        answer = expected(await user.favourite(film), 200)
    return time.perf_counter() - started
