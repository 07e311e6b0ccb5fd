"""A day of 2,000 people over two APIs and two workers, on a free plan of 500 calls, beginning with nothing stored.

They search, open, add and list films, popular ones more often, as fast as this machine lets them; a day is compressed.
"""

import asyncio
import time
from random import Random

from rich.progress import Progress

from bench.call_log import KEY_STATE, CallLog, verdicts
from bench.compressed import Day
from bench.crowd import crowd
from bench.figures import Figure, Scale
from bench.habits import Person, Taste, Visits
from bench.load import Answer, Connection
from bench.observed import Observed, filled
from bench.people import User, expected
from bench.stack import Layout, Stack, running_stack

QUOTA = 500
AT_A_TIME = 40
# The day, and a little of the next: the change of windows is a part of it.
SHARE_OF_NEXT = 0.1


async def measure(scale: Scale) -> list[Figure]:
    day = Day(scale.pick(120, 45), QUOTA)
    layout = Layout(apis=2, workers=2, environment=day.environment, sandbox=day.sandbox)
    async with running_stack(layout) as stack:
        users = await crowd(stack, scale.pick(2_000, 500))
        observed = await live(stack, users, day.seconds * (1 + SHARE_OF_NEXT))
        at_end = await all_lists(users)
        log = await stack.upstream.log()
    return [day.figure, *observed.figures(), at_end, *verdicts(log, day.quota, day.seconds), *costs(log, observed)]


class Town:
    """People at the door of the service: whoever is free visits it next."""

    def __init__(self, stack: Stack, users: list[User]) -> None:
        self._stack = stack
        self._free = [Person(user.header) for user in users]
        self._choice = Random(3)
        self.observed = Observed()

    async def come_and_go(self, end: float) -> None:
        """One after the other, each request to whichever API is next."""
        doors = [Connection(*address) for address in self._stack.addresses]

        async def ask(person: Person, kind: str, film: int | None, path: str) -> Answer:
            method, document = ("POST", {"kinopoisk_id": film}) if kind == "add" else ("GET", None)
            shown_before = film in self.observed.shown
            door = self._choice.choice(doors)
            answer = await door.send(method, path, document, header=person.header)
            self.observed.note(kind, film, answer, shown_before=shown_before)
            return answer

        visits = Visits(ask, Taste(self._choice), self._choice)
        while time.monotonic() < end:
            person = self._free.pop(self._choice.randrange(len(self._free)))
            await visits.visit(person)
            self._free.append(person)


async def live(stack: Stack, users: list[User], seconds: float) -> Observed:
    town, end = Town(stack, users), time.monotonic() + seconds
    with Progress() as progress:
        task = progress.add_task("the day", total=seconds)
        people = asyncio.gather(*(town.come_and_go(end) for _ in range(AT_A_TIME)))
        while not people.done():
            progress.update(task, completed=seconds - (end - time.monotonic()))
            await asyncio.wait([people], timeout=0.5)
    await people
    return town.observed


async def all_lists(users: list[User]) -> Figure:
    """The newest hundred of everybody, as they are when the day is over."""
    full = empty = 0
    for user in users:
        items = expected(await user.favourites(100), 200).json()["items"]
        user.leave()
        full += sum(item["film"] is not None for item in items)
        empty += sum(item["film"] is None for item in items)
    return filled("list items with a film, at the end", full, empty)


def costs(log: CallLog, observed: Observed) -> list[Figure]:
    total, calls = observed.requests.total(), len(log.counted)
    naive = total - observed.requests["list"]
    looks = sum(call.path == KEY_STATE for call in log.calls)
    return [
        Figure(
            "calls for 1,000 requests", f"{calls / total * 1000:.1f} ({calls} calls; beside them {looks} free ones)"
        ),
        Figure(
            "the same if each view, add and search asked",
            f"{naive / total * 1000:.0f} ({naive} calls, {naive / max(calls, 1):.0f} times as many)",
        ),
    ]
