"""A9, A10: recommendations for 100,000 people with 5 million favourites of 20,000 films: the rebuild, the ranking.

Only PostgreSQL runs, and the rebuild as the process that it is. Its peak memory is what its log says, and beside it
VmHWM in /proc as it was last seen. Then people ask for lists, one after the other, in the API's own code but without
HTTP; then 200 of them add a film that few had, and only what changed is found anew.
"""

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from bench.figures import CannotMeasure, Figure, Scale, at_most
from bench.many_people import ManyPeople, Size, store
from bench.ranking_times import ranking_times
from bench.starter import clean_environment, postgres_alone

LARGEST_MB, LONGEST_SECONDS = 170, 300
QUICK = Size(people=12_000, films=2_000, favourites=500_000)
SAMPLE_SECONDS = 0.1

ADD_ONE_FILM = """
    INSERT INTO favourite (user_id, kinopoisk_id)
    SELECT id, (SELECT kinopoisk_id FROM favourite GROUP BY kinopoisk_id ORDER BY count(*), kinopoisk_id LIMIT 1)
    FROM user_account ORDER BY id LIMIT 200 ON CONFLICT DO NOTHING
"""


class Run(NamedTuple):
    """Of one process."""

    seconds: float
    seen_mb: float
    said: dict[str, Any]


async def measure(scale: Scale) -> list[Figure]:
    with postgres_alone() as url:
        favourites = await store(url, ManyPeople(QUICK if scale.quick else Size()))
        full = await rebuild(url)
        times = await ranking_times(url, scale)
        connection = await asyncpg.connect(url)
        await connection.execute(ADD_ONE_FILM)
        changed = await rebuild(url, "--changed")
        size = await connection.fetchval("SELECT pg_size_pretty(pg_total_relation_size('film_neighbour'))")
        await connection.close()
    return [
        Figure("favourites stored; learnt from; films with neighbours", shown(favourites, full)),
        at_most("peak memory, as it says", full.said["peak_mb"], LARGEST_MB, "MB"),
        Figure("peak memory, as it was last seen", f"{full.seen_mb:.0f} MB"),
        at_most("from start to end of the process", full.seconds, LONGEST_SECONDS, "s"),
        Figure("nDCG@10 of what was held out", f"{full.said['quality']:.4f}"),
        at_most("only what changed: peak memory", changed.said["peak_mb"], LARGEST_MB, "MB"),
        Figure("only what changed: from start to end", f"{changed.seconds:.0f} s"),
        Figure("size of the table with its indexes", size),
        *times,
    ]


def shown(favourites: int, run: Run) -> str:
    return f"{favourites}; {run.said['favourites']}; {run.said['films']}"


async def rebuild(url: str, *options: str) -> Run:
    """Raises CannotMeasure."""
    keys = json.dumps([{"id": "bench", "secret": secrets.token_urlsafe(48)}])
    settings = {"KINOSHELF__POSTGRES__URL": url, "KINOSHELF__AUTH__JWT_KEYS": keys}
    settings |= {"KINOSHELF__KINOPOISK__API_KEY": "none", "KINOSHELF__REDIS__URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "-m", "worker.rebuild", "recommendations", *options]
    pipe, started = asyncio.subprocess.PIPE, time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, env=clean_environment() | settings, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    ending, seen = asyncio.create_task(process.communicate()), 0.0
    while not ending.done():
        seen = peak_mb(process.pid) or seen
        await asyncio.wait({ending}, timeout=SAMPLE_SECONDS)
    seconds, (said, _) = time.monotonic() - started, ending.result()
    lines = [json.loads(line) for line in said.splitlines() if b'"recommendations_rebuilt"' in line]
    if process.returncode or not lines:
        raise CannotMeasure(f"The rebuild ended with {process.returncode}: {said.decode()[-500:]}")
    return Run(seconds, seen, lines[-1])


def peak_mb(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended
        return None
    held = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return held[0] * 1024 / 1_000_000 if held else None
