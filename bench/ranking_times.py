"""How long the ranking takes in a database with many people, one request after the other, as the API runs it."""

import time
import uuid
from collections.abc import Sequence
from random import Random
from typing import Any

from rich.progress import track
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.queries.ranking import rank
from bench.figures import Figure, Scale, in_ms, percentile
from shared.postgres import patient_engine, read_engine
from worker.trend import refresh_trend

POOL: dict[str, Any] = {"pool_size": 2, "pool_timeout": 5, "command_timeout": 30}
HEAVY = 300
MEDIAN_MS, P99_MS, HEAVY_P99_MS = 10, 30, 50
DRAMA = 2

PEOPLE = text("SELECT user_id FROM favourite GROUP BY user_id ORDER BY count(*) DESC, user_id")


async def ranking_times(url: str, scale: Scale) -> list[Figure]:
    """A10: anybody, the heaviest, and visitors; each request of another person, after some that only warm up."""
    address = url.replace("postgresql://", "postgresql+asyncpg://")
    writing, reading = patient_engine(address, "bench", **POOL), read_engine(address, "bench", **POOL)
    try:
        started = time.perf_counter()
        await refresh_trend(writing)
        refreshed = Figure("trend and charts, made for the first time", f"{time.perf_counter() - started:.1f} s")
        async with reading.connect() as connection:
            people = list(await connection.scalars(PEOPLE))
        anybody = Random(1).sample(people, scale.pick(2_000, 300))
        await seconds_each(reading, anybody[:200], None, 5)
        return [
            refreshed,
            within("anybody, 5 films", await seconds_each(reading, anybody, None, 5), MEDIAN_MS, P99_MS),
            within("anybody, 50 films", await seconds_each(reading, anybody, None, 50), MEDIAN_MS, P99_MS),
            within("anybody, 5 films of a genre", await seconds_each(reading, anybody, DRAMA, 5), MEDIAN_MS, P99_MS),
            within(
                f"the {HEAVY} heaviest, 50 films",
                await seconds_each(reading, people[:HEAVY], None, 50),
                HEAVY_P99_MS,
                HEAVY_P99_MS,
            ),
            within("visitors, 5 films", await seconds_each(reading, [None] * 500, None, 5), MEDIAN_MS, P99_MS),
        ]
    finally:
        await reading.dispose()
        await writing.dispose()


async def seconds_each(
    engine: AsyncEngine, people: Sequence[uuid.UUID | None], genre: int | None, limit: int
) -> list[float]:
    seconds = []
    for person in track(people, f"{limit} films"):
        started = time.perf_counter()
        await rank(engine, person, genre, limit)
        seconds.append(time.perf_counter() - started)
    return seconds


def within(name: str, seconds: list[float], median_ms: float, p99_ms: float) -> Figure:
    median, p99 = (percentile(in_ms(seconds), share) for share in (0.5, 0.99))
    met = median <= median_ms and p99 <= p99_ms
    target = f"≤ {median_ms:g} / ≤ {p99_ms:g} ms"
    return Figure(f"{name}: median / p99", f"{median:.1f} / {p99:.1f} ms", target, met)
