"""What is asked all day, beside two yardsticks on the same database: the limit, and the same calls the usual way.

The limit (bench/limit) is a bare ASGI app with the same statements and the same answers, without logs and metrics. The
usual way (bench/usual) has an ORM and models for its answers, and the same logs and metrics as the service. One process
each, 16 clients, by turns every 200 requests; logs go to files, metrics to a socket on this machine. Behind the
requests a second stands the CPU of one, measured apart: of the answering process, and of PostgreSQL.
"""

from collections import defaultdict
from itertools import count

import psutil
from rich.progress import track

from bench.copies import FIRST, store_copies, store_favourites
from bench.costs import Cost, cost
from bench.crowd import crowd
from bench.figures import Figure, Scale, ratio, spread
from bench.people import User, expected
from bench.shelves import WITH_CATALOGUE, readers
from bench.sides import Side, collector, start_side
from bench.stack import LIFTED, UNLIMITED, Layout, Stack, running_stack
from bench.turns import Kind, by_turns

CLIENTS, SHELF = 16, 20
# So many favourites can be added or deleted by each of them.
STOCK = 1_000
OURS, LIMIT, USUAL = "ours", "limit", "usual way"
LIST, ADD = f"list of {SHELF}", "add a favourite"
LEAST = {(LIST, LIMIT): 0.7, (LIST, USUAL): 4.0, (ADD, LIMIT): 0.65}
QUERY = "матрица"
ENVIRONMENT = {**WITH_CATALOGUE.environment, **LIFTED, "KINOSHELF__RECOMMENDATIONS__KEPT_SECONDS": "86400"}

# The same request put to each side.
Call = list[Kind]
Paces = list[list[float]]


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices, requests = scale.pick(9, 5), scale.pick(3, 1), scale.pick(3_000, 200)
    async with running_stack(Layout(environment=ENVIRONMENT, sandbox=UNLIMITED)) as stack:
        people = await prepare(stack)
        with collector() as statsd:
            sides = [
                start_side(stack, OURS, "api", statsd),
                start_side(stack, LIMIT, "bench.limit", {}),
                start_side(stack, USUAL, "bench.usual", statsd),
            ]
            postgres = psutil.Process(stack.children["PostgreSQL"].process.pid)
            figures = []
            for name, call in track((await calls(stack, sides, people)).items(), "calls"):
                turns = [await by_turns(call, slices, number % len(call)) for number in range(rounds + 1)]
                costs = [
                    await cost(kind, requests, (side.process, postgres))
                    for kind, side in zip(call, sides, strict=False)
                ]
                figures += compared(name, call, turns[1:], costs)
    return figures


async def prepare(stack: Stack) -> list[User]:
    """People with favourites and recommendations; copies to add; a search that is kept. Nothing is left to fetch."""
    people = await readers(stack, CLIENTS, SHELF)
    for user in people:
        expected(await user.search(QUERY), 200)
        expected(await user.recommendations(), 200)
    await store_copies(stack, STOCK)
    stack.kill("worker")
    return people


async def calls(stack: Stack, sides: list[Side], people: list[User]) -> dict[str, Call]:
    """By name; the usual way is the last of the sides and knows two of them."""
    favourite = {user.header: (await user.favourites(1)).json()["items"][0]["kinopoisk_id"] for user in people}
    ours_and_limit = [(side.name, side.asked_by(people)) for side in sides[:2]]
    everywhere = [(side.name, side.asked_by(people)) for side in sides]
    return {
        LIST: [Kind(side, 200, users, lambda user: user.favourites(SHELF)) for side, users in everywhere],
        ADD: [await adding(stack, side) for side in sides],
        "one item": [
            Kind(side, 200, users, lambda user: user.favourite(favourite[user.header]))
            for side, users in ours_and_limit
        ],
        "film details": [
            Kind(side, 200, users, lambda user: user.open(favourite[user.header])) for side, users in ours_and_limit
        ],
        "delete a favourite": [await deleting(stack, side) for side in sides[:2]],
        "search, kept": [Kind(side, 200, users, lambda user: user.search(QUERY)) for side, users in ours_and_limit],
        "recommendations, kept": [
            Kind(side, 200, users, lambda user: user.recommendations()) for side, users in ours_and_limit
        ],
    }


async def adding(stack: Stack, side: Side) -> Kind:
    """People of this side's own, who begin with nothing and add a stored film each time."""
    added: dict[str, count[int]] = defaultdict(count)
    users = side.asked_by(await crowd(stack, CLIENTS, f"adder {side.name} "))
    return Kind(side.name, 202, users, lambda user: user.add(FIRST + next(added[user.header])))


async def deleting(stack: Stack, side: Side) -> Kind:
    """People of this side's own, who have them all and delete one after the other."""
    deleted: dict[str, count[int]] = defaultdict(count)
    name = f"deleter {side.name} "
    users = side.asked_by(await crowd(stack, CLIENTS, name))
    await store_favourites(stack, name, STOCK, STOCK)
    return Kind(side.name, 204, users, lambda user: user.remove(FIRST + next(deleted[user.header])))


def compared(name: str, call: Call, turns: Paces, costs: list[Cost]) -> list[Figure]:
    """Requests a second of each side; how ours stands to the others."""
    figures, paces = [], list(zip(*turns, strict=True))
    for kind, pace, (spent, _) in zip(call, paces, costs, strict=True):
        shown = f"{spread(pace, '/s')}; {spent[0]:.2f} + {spent[1]:.2f} ms"
        figures.append(Figure(f"{name}: {kind.name}", shown, value=sorted(pace)[len(pace) // 2]))
    for kind, pace in zip(call[1:], paces[1:], strict=True):
        ratios = [ours / other for ours, other in zip(paces[0], pace, strict=True)]
        figures.append(ratio(ratio_name(name, kind.name), ratios, least=LEAST.get((name, kind.name))))
    return figures


def ratio_name(call: str, side: str) -> str:
    return f"{call}: {OURS} ÷ {side}"
