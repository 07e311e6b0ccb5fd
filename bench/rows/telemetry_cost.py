"""Requests a second for a list of 20 favourites with logs and metrics on, beside an API that says nothing.

Two API processes on one database, by turns, every 200 requests, 16 clients. One logs each request and sends its metrics
to a socket on this machine; the other logs errors only and has nobody to send metrics to.
"""

from rich.progress import track

from bench.costs import cpu
from bench.crowd import crowd
from bench.figures import Figure, Scale, ratio, spread
from bench.load import Answer
from bench.people import User, expected, films
from bench.shelves import until_fetched
from bench.sides import collector, start_side
from bench.stack import running_stack
from bench.turns import SLICE, Kind, by_turns

CLIENTS, SHELF = 16, 20
LEAST_RATIO = 0.9


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices = scale.pick(9, 3), scale.pick(8, 2)
    async with running_stack() as stack:
        users = await crowd(stack, CLIENTS)
        await fill(users)
        with collector() as statsd:
            silent = start_side(stack, "silent", "api", {"KINOSHELF__LOGS__LEVEL": "error"})
            telling = start_side(stack, "telling", "api", statsd)
            pair = [Kind(side.name, 200, side.asked_by(users), lists) for side in (silent, telling)]
            await by_turns(pair, slices, first=0)
            spent = [cpu(side.process) for side in (silent, telling)]
            paces = [await by_turns(pair, slices, first=number % 2) for number in track(range(rounds), "rounds")]
            spent = [cpu(side.process) - before for side, before in zip((silent, telling), spent, strict=True)]
    each = [seconds * 1000 / (rounds * slices * SLICE) for seconds in spent]
    return [
        Figure("silent", spread([pace[0] for pace in paces], "/s")),
        Figure("with logs and metrics", spread([pace[1] for pace in paces], "/s")),
        ratio("the second to the first", [told / said_nothing for said_nothing, told in paces], least=LEAST_RATIO),
        Figure("CPU of the API for a request, silent and telling", f"{each[0]:.3f} and {each[1]:.3f} ms"),
    ]


async def lists(user: User) -> Answer:
    return await user.favourites(SHELF)


async def fill(users: list[User]) -> None:
    """The same favourites for everybody, all of them fetched."""
    for film, _ in zip(films(), range(SHELF), strict=False):
        for user in users:
            expected(await user.add(film), 202)
    for user in users:
        await until_fetched(user)
