"""Equal wishes at the same moment, over two APIs and two workers: Kinopoisk is asked once, says the sandbox's log.

20 users add a film that nobody had; 100 searches for one name, in any case and with any blanks; 50 people open a film.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from rich.progress import track

from bench.call_log import SEARCH
from bench.crowd import crowd
from bench.figures import Figure, Scale, exactly
from bench.load import Answer
from bench.people import User, films
from bench.stack import Layout, Stack, running_stack

ADDERS, SEARCHERS, OPENERS = 20, 100, 50
UPSTREAM_SECONDS = 0.15
# A second call, if there were one, would come within this time of the first.
LISTEN_SECONDS = 1.0
NAMES = ("матрица", "властелин колец", "белое солнце пустыни", "the godfather", "ёлки")


async def measure(scale: Scale) -> list[Figure]:
    repetitions, ids = scale.pick(5, 2), films()
    async with running_stack(Layout(apis=2, workers=2)) as stack:
        users = await crowd(stack, SEARCHERS)
        await stack.upstream.answer_after(UPSTREAM_SECONDS)
        figures = []
        for what, status, ask in (
            (f"{ADDERS} users add a new film", 202, lambda n: add(users[:ADDERS], next(ids))),
            (f"{SEARCHERS} equal searches", 200, lambda n: search(users, NAMES[n], Random(n))),
            (f"{OPENERS} people open a new film", 200, lambda n: look(users[:OPENERS], next(ids))),
        ):
            figures += await repeated(stack, what, status, repetitions, ask)
        refused = (await stack.upstream.calls())["by_status"].get("429", 0)
    return [*figures, exactly("429 by upstream", refused, 0)]


Ask = Callable[[int], Awaitable[list[Answer]]]


async def repeated(stack: Stack, what: str, status: int, repetitions: int, ask: Ask) -> list[Figure]:
    """Calls for each time of asking; every answer must have this status."""
    asked, told, slowest = [], Counter[int](), []
    for number in track(range(repetitions), what):
        before = await calls(stack)
        answers = await ask(number)
        await asyncio.sleep(LISTEN_SECONDS)
        await stack.upstream.idle()
        asked.append(await calls(stack) - before)
        slowest.append(max(answer.seconds for answer in answers))
        told.update(answer.status for answer in answers)
    return [
        exactly(f"{what}: most calls, of {repetitions} times", max(asked), 1),
        exactly(f"{what}: fewest calls", min(asked), 1),
        exactly(f"{what}: answers other than {status}", told.total() - told[status], 0),
        Figure(f"{what}: slowest answer", f"{max(slowest):.2f} s"),
    ]


async def calls(stack: Stack) -> int:
    """Those for films and searches."""
    said = await stack.upstream.calls()
    films: dict[str, int] = said["by_film"]
    return int(said["by_path"].get(SEARCH, 0)) + sum(films.values())


async def at_once(users: Sequence[User], ask: Callable[[User], Awaitable[Answer]]) -> list[Answer]:
    await asyncio.gather(*(user.profile() for user in users))  # open connections make the wishes meet
    return await asyncio.gather(*(ask(user) for user in users))


async def add(users: Sequence[User], film: int) -> list[Answer]:
    answers = await at_once(users, lambda user: user.add(film))
    await asyncio.gather(*(user.until_ready(film) for user in users))
    return answers


async def look(users: Sequence[User], film: int) -> list[Answer]:
    return await at_once(users, lambda user: user.open(film))


async def search(users: Sequence[User], name: str, choice: Random) -> list[Answer]:
    return await at_once(users, lambda user: user.search(variant(name, choice)))


def variant(name: str, choice: Random) -> str:
    """The same question, typed by somebody else."""
    letters = "".join(choice.choice((letter.upper(), letter.lower())) for letter in name)
    blanks = (choice.choice((" ", "  ", "\u00a0")).join(letters.split()), "  ", "")
    return blanks[0] + choice.choice(blanks[1:])
