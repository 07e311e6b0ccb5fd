"""Requests a second for a list of 20 favourites with logs and metrics on, beside an API that says nothing.

Two API processes on one database, by turns, every 50 requests, 16 clients. One logs each request and sends its metrics
to a socket on this machine; the other logs errors only and has nobody to send metrics to.
"""

import socket
import statistics

import psutil
from rich.progress import track

from bench.crowd import crowd
from bench.figures import Figure, Scale, spread
from bench.people import User, expected, films
from bench.shelves import until_fetched
from bench.stack import Stack, running_stack
from bench.turns import SLICE, Kind, by_turns
from dev.ports import LOOPBACK, free_port
from dev.processes import wait_until
from dev.readiness import answers_ready

CLIENTS, SHELF = 16, 20
LEAST_RATIO = 0.9


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices = scale.pick(9, 3), scale.pick(30, 6)
    async with running_stack() as stack:
        users = await crowd(stack, CLIENTS)
        await fill(users)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
            collector.bind((LOOPBACK, 0))
            statsd = {"KINOSHELF__STATSD__HOST": LOOPBACK, "KINOSHELF__STATSD__PORT": str(collector.getsockname()[1])}
            silent, mute = start_api(stack, users, "silent", {"KINOSHELF__LOGS__LEVEL": "error"})
            telling, speaker = start_api(stack, users, "telling", statsd)
            pair = (silent, telling)
            await by_turns(pair, slices, first=0)
            spent = [cpu(mute), cpu(speaker)]
            paces = [await by_turns(pair, slices, first=number % 2) for number in track(range(rounds), "rounds")]
            spent = [now - before for now, before in zip((cpu(mute), cpu(speaker)), spent, strict=True)]
    ratios = [told / said_nothing for said_nothing, told in paces]
    each = [seconds * 1000 / (rounds * slices * SLICE) for seconds in spent]
    ratio = statistics.median(ratios)
    return [
        Figure("silent", spread([pace[0] for pace in paces], "/s")),
        Figure("with logs and metrics", spread([pace[1] for pace in paces], "/s")),
        Figure("the second to the first", spread(ratios, "times"), f"≥ {LEAST_RATIO}", ratio >= LEAST_RATIO),
        Figure("CPU of the API for a request, silent and telling", f"{each[0]:.3f} and {each[1]:.3f} ms"),
    ]


async def fill(users: list[User]) -> None:
    """The same favourites for everybody, all of them fetched."""
    for film, _ in zip(films(), range(SHELF), strict=False):
        for user in users:
            expected(await user.add(film), 202)
    for user in users:
        await until_fetched(user)


def start_api(stack: Stack, users: list[User], name: str, environment: dict[str, str]) -> tuple[Kind, psutil.Process]:
    """One more API process, and the same users asking it for their lists."""
    port = free_port()
    child = stack.starter.start(f"API {name}", "api", KINOSHELF__API__PORT=str(port), **environment)
    wait_until(lambda: answers_ready(f"http://{LOOPBACK}:{port}"), child, stack.starter.interrupts)
    theirs = [User((LOOPBACK, port), user.header.rpartition(" ")[2]) for user in users]
    return Kind(name, 200, theirs, lambda user: user.favourites(SHELF)), psutil.Process(child.process.pid)


def cpu(process: psutil.Process) -> float:
    """Seconds so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
