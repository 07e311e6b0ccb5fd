"""What a request of each kind costs (CPU of the API and of PostgreSQL), and what people and favourites take on disk.

One API process, eight clients with 20 favourites each, password hashes as in production, logs and metrics on. From it
docs/operations.md reckons how many people one machine carries.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import NamedTuple

import asyncpg
import psutil
from rich.progress import track

from bench.figures import Figure, Scale
from bench.load import Answer, Connection
from bench.many_people import ManyPeople, Size, store
from bench.people import PASSWORD, User, expected, films, new_user
from bench.shelves import WITH_CATALOGUE, readers
from bench.stack import Layout, Stack, running_stack
from bench.starter import postgres_alone

NAME = "capacity"
CLIENTS, SHELF = 8, 20
PEOPLE = Size(people=12_000, films=2_000, favourites=500_000)
HASHES = {"KINOSHELF__AUTH__ARGON2_MEMORY_KIB": "19456", "KINOSHELF__AUTH__ARGON2_ROUNDS": "2"}
METRICS = {"KINOSHELF__STATSD__HOST": "127.0.0.1", "KINOSHELF__STATSD__PORT": "9"}
TABLES = ("user_account", "favourite")


class Cost(NamedTuple):
    """Of one request, in milliseconds of CPU; and how many one process answers in a second."""

    api: float
    postgres: float
    a_second: float


async def measure(scale: Scale) -> list[Figure]:
    requests = scale.pick(2_000, 200)
    async with running_stack(Layout(environment={**WITH_CATALOGUE.environment, **HASHES, **METRICS})) as stack:
        await new_user(stack.address, NAME)
        users = await readers(stack, CLIENTS, SHELF)
        # A hash costs a hundred times as much as anything else.
        costs = {
            name: await cost(stack, users, ask, requests // (20 if name == "log in" else 1))
            for name, ask in track(kinds(stack).items(), "kinds of requests")
        }
    return [Figure(name, shown(each)) for name, each in costs.items()] + await sizes()


def kinds(stack: Stack) -> dict[str, Callable[[User], Awaitable[Answer]]]:
    [stored, *others] = list(films())
    unseen = count()

    async def add(user: User) -> Answer:
        return await user.add(others[next(unseen) % len(others)])

    async def log_in(_: User) -> Answer:
        guest = Connection(*stack.address)
        answer = await guest.send("POST", "/login", {"username": NAME, "password": PASSWORD})
        guest.close()
        return answer

    return {
        "list 20 favourites": lambda user: user.favourites(SHELF),
        "profile": lambda user: user.profile(),
        "open a stored film": lambda user: user.open(stored),
        "search, known answer": lambda user: user.search("матрица"),
        "recommendations, kept": lambda user: user.recommendations(),
        "recommendations, made anew": lambda user: user.recommendations(1 + next(unseen) % 50),
        "add a favourite": add,
        "log in": log_in,
    }


async def cost(stack: Stack, users: list[User], ask: Callable[[User], Awaitable[Answer]], requests: int) -> Cost:
    """Of so many requests, after a few that warm it up."""
    await asyncio.gather(*(ask(user) for user in users))
    left = iter(range(requests))

    async def ask_on(user: User) -> None:
        for _ in left:
            answer = await ask(user)
            expected(answer, answer.status if answer.status in {200, 202} else 200)

    processes = [psutil.Process(stack.children[name].process.pid) for name in ("API", "PostgreSQL")]
    before, started = [cpu(process) for process in processes], time.perf_counter()
    await asyncio.gather(*(ask_on(user) for user in users))
    seconds = time.perf_counter() - started
    api, postgres = ((cpu(p) - earlier) * 1000 / requests for p, earlier in zip(processes, before, strict=True))
    return Cost(api, postgres, requests / seconds)


def cpu(process: psutil.Process) -> float:
    """Seconds of it and of all below it, so far."""
    family = [process, *process.children(recursive=True)]
    return sum(times.user + times.system for times in (member.cpu_times() for member in family))


def shown(cost: Cost) -> str:
    return f"API {cost.api:.2f} ms, PostgreSQL {cost.postgres:.2f} ms; {cost.a_second:.0f}/s"


async def sizes() -> list[Figure]:
    with postgres_alone() as url:
        await store(url, ManyPeople(PEOPLE))
        connection = await asyncpg.connect(url)
        held = {name: await connection.fetchval(f"SELECT pg_total_relation_size('{name}')") for name in TABLES}
        rows = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}
        await connection.close()
    return [Figure(f"a row of {name} on disk, indexes included", f"{held[name] / rows[name]:.0f} B") for name in TABLES]
