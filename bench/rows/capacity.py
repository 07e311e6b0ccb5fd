"""What a request of each kind costs (CPU of the API and of PostgreSQL), and what people and favourites take on disk.

One API process, eight clients with 20 favourites each, password hashes as in production, logs and metrics on. From it
docs/operations.md reckons how many people one machine carries.
"""

from itertools import count

import asyncpg
import psutil
from rich.progress import track

from bench.costs import Cost, cost
from bench.figures import Figure, Scale
from bench.load import Answer, Connection
from bench.many_people import ManyPeople, Size, store
from bench.people import PASSWORD, User, films, new_user
from bench.shelves import WITH_CATALOGUE, readers
from bench.stack import Layout, Stack, running_stack
from bench.starter import postgres_alone
from bench.turns import Kind

NAME = "capacity"
CLIENTS, SHELF = 8, 20
PEOPLE = Size(people=12_000, films=2_000, favourites=500_000)
HASHES = {"KINOSHELF__AUTH__ARGON2_MEMORY_KIB": "19456", "KINOSHELF__AUTH__ARGON2_ROUNDS": "2"}
METRICS = {"KINOSHELF__STATSD__HOST": "127.0.0.1", "KINOSHELF__STATSD__PORT": "9"}
TABLES = ("user_account", "favourite")


async def measure(scale: Scale) -> list[Figure]:
    requests = scale.pick(2_000, 200)
    async with running_stack(Layout(environment={**WITH_CATALOGUE.environment, **HASHES, **METRICS})) as stack:
        await new_user(stack.address, NAME)
        users = await readers(stack, CLIENTS, SHELF)
        processes = [psutil.Process(stack.children[name].process.pid) for name in ("API", "PostgreSQL")]
        # A hash costs a hundred times as much as anything else.
        costs = {
            kind.name: await cost(kind, requests // (20 if kind.name == "log in" else 1), processes)
            for kind in track(kinds(stack, users), "kinds of requests")
        }
    return [Figure(name, shown(each)) for name, each in costs.items()] + await sizes()


def kinds(stack: Stack, users: list[User]) -> list[Kind]:
    [stored, *others] = list(films())
    unseen = count()

    async def add(user: User) -> Answer:
        return await user.add(others[next(unseen) % len(others)])

    async def log_in(_: User) -> Answer:
        guest = Connection(*stack.address)
        answer = await guest.send("POST", "/login", {"username": NAME, "password": PASSWORD})
        guest.close()
        return answer

    return [
        Kind("list 20 favourites", 200, users, lambda user: user.favourites(SHELF)),
        Kind("profile", 200, users, lambda user: user.profile()),
        Kind("open a stored film", 200, users, lambda user: user.open(stored)),
        Kind("search, known answer", 200, users, lambda user: user.search("матрица")),
        Kind("recommendations, kept", 200, users, lambda user: user.recommendations()),
        Kind("recommendations, made anew", 200, users, lambda user: user.recommendations(1 + next(unseen) % 50)),
        Kind("add a favourite", 202, users, add),
        Kind("log in", 200, users, log_in),
    ]


def shown(cost: Cost) -> str:
    api, postgres = cost.cpu
    return f"API {api:.2f} ms, PostgreSQL {postgres:.2f} ms; {cost.a_second:.0f}/s"


async def sizes() -> list[Figure]:
    with postgres_alone() as url:
        await store(url, ManyPeople(PEOPLE))
        connection = await asyncpg.connect(url)
        held = {name: await connection.fetchval(f"SELECT pg_total_relation_size('{name}')") for name in TABLES}
        rows = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}
        await connection.close()
    return [Figure(f"a row of {name} on disk, indexes included", f"{held[name] / rows[name]:.0f} B") for name in TABLES]
