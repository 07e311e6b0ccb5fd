"""200 people log in at the same moment, half of them with a wrong password, with the hashes of production.

Who is told to come back does so after the Retry-After. Meanwhile one user reads the favourites, one request after the
other, and a probe asks whether the API lives.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import httpx

from bench.figures import Figure, Scale, at_most, exactly, percentile
from bench.load import Answer, Connection
from bench.people import PASSWORD, User, films, new_user
from bench.process_tree import memory
from bench.rows.login_timing import HASHES_OF_PRODUCTION
from bench.stack import Layout, Stack, running_stack

PEOPLE = 200
MOST_MS, MOST_MEGABYTES = 500, 200
PAUSE_SECONDS = 0.02
# Each gets a copy of the hash of the first user: to make all of them would take longer than the storm.
COPIES = """
    INSERT INTO user_account (id, username, username_folded, password_hash)
    SELECT gen_random_uuid(), 'person' || number, 'person' || number, password_hash
    FROM user_account, generate_series(1, $1::integer) AS number WHERE username = 'anna'
"""


@dataclass
class Seen:
    """What happened during the storm; memory in megabytes."""

    logins: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    lists: list[Answer] = field(default_factory=list)
    probes: list[Answer] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


async def measure(scale: Scale) -> list[Figure]:
    async with running_stack(Layout(workers=0, environment=HASHES_OF_PRODUCTION)) as stack:
        anna = await new_user(stack.address, "anna")
        for film, _ in zip(films(), range(20), strict=False):
            await anna.add(film)
        database = await asyncpg.connect(stack.postgres_url)
        await database.execute(COPIES, PEOPLE)
        await database.close()
        before = memory(stack.children["API"].process.pid).proportional
        return report(await storm(stack, anna), before)


async def storm(stack: Stack, anna: User) -> Seen:
    seen, probe = Seen(), Connection(*stack.address)
    host, port = stack.address
    limits = httpx.Limits(max_connections=PEOPLE)
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=60, limits=limits) as http:
        others = (
            asyncio.create_task(again_and_again(anna.favourites, seen.lists)),
            asyncio.create_task(again_and_again(lambda: probe.send("GET", "/health/live"), seen.probes)),
            asyncio.create_task(watch(stack.children["API"].process.pid, seen.memory)),
        )
        await asyncio.gather(*(log_in(http, f"person{number + 1}", seen) for number in range(PEOPLE)))
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return seen


async def log_in(http: httpx.AsyncClient, username: str, seen: Seen) -> None:
    """Until it is decided."""
    password = PASSWORD if int(username.removeprefix("person")) % 2 else "wrong password"
    while True:
        answer = await http.post("/login", json={"username": username, "password": password})
        seen.logins[answer.status_code] += 1
        if answer.status_code != 503:
            return
        seen.without_retry_after += "retry-after" not in answer.headers
        await asyncio.sleep(float(answer.headers.get("retry-after", 1)))


async def again_and_again(ask: Callable[[], Awaitable[Answer]], answers: list[Answer]) -> None:
    while True:
        answers.append(await ask())
        await asyncio.sleep(PAUSE_SECONDS)


async def watch(pid: int, megabytes: list[float]) -> None:
    while True:
        megabytes.append(memory(pid).proportional)
        await asyncio.sleep(10 * PAUSE_SECONDS)


def report(seen: Seen, before: float) -> list[Figure]:
    listed = sum(answer.status == 200 for answer in seen.lists)
    alive = sum(answer.status == 200 for answer in seen.probes)
    p95 = percentile([answer.seconds * 1000 for answer in seen.lists], 0.95)
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(seen.logins.items()))
    return [
        Figure("answers to logins", answers),
        exactly("right passwords let in, wrong ones refused", seen.logins[200] + seen.logins[401], PEOPLE),
        exactly("503 without Retry-After", seen.without_retry_after, 0),
        exactly("lists answered with 200", listed, len(seen.lists), f" of {len(seen.lists)}"),
        at_most("lists meanwhile, p95", p95, MOST_MS, "ms"),
        exactly("probes answered with 200", alive, len(seen.probes), f" of {len(seen.probes)}"),
        at_most("memory of the API, more than before", max(seen.memory) - before, MOST_MEGABYTES, "MB"),
    ]
