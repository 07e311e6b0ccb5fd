"""Search over 100,000 stored films without Kinopoisk: how often the film that was meant is among the first five, and
how long one client waits. `python -m bench.rows.local_search [--quick]` measures this row alone.

Only PostgreSQL runs. Cases are made by rule from the names of the real films (bench/search_cases.py). The mix for the
times: exact names, half-typed and misspelt ones, common words, one and two letters, nothing to be found, long texts.
"""

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

from rich.progress import track
from sqlalchemy.ext.asyncio import AsyncEngine

from api.lookups.local_search import find_locally
from bench.figures import Figure, Scale, at_most, in_ms, percentile
from bench.many_films import Stored, many_films, store
from bench.search_cases import Case, search_cases
from bench.starter import postgres_alone
from shared.postgres import read_engine

TOP = 5
SMALLEST_SHARE = 0.9
LARGEST_P95_MS = 50.0
POOL = {"pool_size": 1, "pool_timeout": 5.0, "command_timeout": 10.0}
COMMON = ("the", "of", "любовь", "человек", "история", "жизнь", "дом", "последний", "man", "love", "про", "при")
SHORT = ("а", "и", "в", "я", "a", "2", "п", "по", "на", "of", "up", "ка")
NOTHING = ("йцукенгшщз", "qwxzqj", "zzzz zzzz", "абракадабра швамбрания", "щщщщщщщщ", "%%%", "'|&!:*", "🎬🎬🎬")
LONG = ("властелин колец братство кольца " * 6, "x" * 200, "а б в г д е ж з " * 12, "the lord of the rings " * 9)


async def measure(scale: Scale) -> list[Figure]:
    films = list(many_films(scale.pick(100_000, 20_000)))
    cases = search_cases(film.names for film in films)
    chosen = Random(1).sample(cases.kept, scale.pick(len(cases.kept), 1_000))
    with postgres_alone() as url:
        stored = await store(url, iter(films))
        engine = read_engine(url.replace("postgresql://", "postgresql+asyncpg://"), "bench", **POOL)
        await find_locally(engine, "матрица", 1)  # the connection is open, statements are prepared
        found = [await is_found(engine, case) for case in track(chosen, "cases")]
        seconds = [await timed(engine, query) for query in track(mix(films, cases.kept), "mix")]
        await engine.dispose()
    about = Figure("films stored; cases; left out as ambiguous", f"{stored}; {len(chosen)}; {cases.ambiguous}")
    return [about, *shares(chosen, found), *times(in_ms(seconds))]


async def is_found(engine: AsyncEngine, case: Case) -> bool:
    return case.film_id in (await find_locally(engine, case.typed, 1)).films[:TOP]


async def timed(engine: AsyncEngine, query: str) -> float:
    started = time.perf_counter()
    await find_locally(engine, query, 1)
    return time.perf_counter() - started


def mix(films: Sequence[Stored], cases: Sequence[Case]) -> list[str]:
    """A third each: exact names, half-typed or misspelt ones, everything else. Shuffled, always the same."""
    random = Random(2)
    rest = [*COMMON, *SHORT, *NOTHING, *LONG] * 8
    exact = [film.names.partition("\n")[0] for film in random.sample(films, len(rest))]
    queries = [*exact, *(case.typed for case in random.sample(cases, len(rest))), *rest]
    random.shuffle(queries)
    return queries


def shares(cases: Iterable[Case], found: Iterable[bool]) -> list[Figure]:
    by_kind = defaultdict(list)
    for case, was_found in zip(cases, found, strict=True):
        by_kind[case.kind].append(was_found)
    every = [was_found for kind in by_kind.values() for was_found in kind]
    share = sum(every) / len(every)
    target = f"≥ {SMALLEST_SHARE:.0%}"
    return [
        Figure(f"among the first {TOP}: all cases", f"{share:.1%}", target, share >= SMALLEST_SHARE),
        *(
            Figure(f"{kind}, {len(hits)} cases", f"{sum(hits) / len(hits):.1%}")
            for kind, hits in sorted(by_kind.items())
        ),
    ]


def times(ms: list[float]) -> list[Figure]:
    return [
        Figure(f"median of {len(ms)} searches", f"{percentile(ms, 0.5):.1f} ms"),
        at_most("p95", percentile(ms, 0.95), LARGEST_P95_MS, "ms"),
        Figure("longest", f"{max(ms):.1f} ms"),
    ]


if __name__ == "__main__":
    print(f"load of this machine: {os.getloadavg()[0]:.2f}")
    for figure in asyncio.run(measure(Scale(quick="--quick" in sys.argv))):
        print(f"{figure.name:44} {figure.measured:>24} {figure.target:>8} {'' if figure.met is None else figure.met}")
