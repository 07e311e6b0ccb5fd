"""In the middle of a day Redis is flushed and all APIs and workers are killed (SIGKILL), then started again.

People go on until the day's calls are used up and a new day has begun: no call over quota or rate, no add lost. Two
APIs and two workers, a day compressed. A request that was cut off is not counted as accepted.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count

from redis.asyncio import Redis

from bench.call_log import CallLog, verdicts
from bench.compressed import Day
from bench.crowd import crowd
from bench.figures import CannotMeasure, Figure, Scale, exactly
from bench.load import Answer
from bench.observed import some
from bench.people import User, expected, films
from bench.stack import Layout, Stack, running_stack

QUOTA = 200
PEOPLE = 12
PAUSE_SECONDS = 1.5
UNKNOWN_FILMS = 100_000_000
LEAST_USED = 0.9
STRIKE_AFTER_SECONDS = 8
# So long people go on in the new day.
AFTERWARDS_SECONDS = 5
# Failed requests while the service is away.
AWAY_PAUSE_SECONDS = 0.2


@dataclass
class Seen:
    """What was accepted, by whom; how often the door was closed."""

    accepted: dict[User, set[int]] = field(default_factory=dict)
    cut_off: int = 0
    told: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, answer: Answer) -> None:
        code = f" {answer.json()['code']}" if answer.status >= 400 else ""
        self.told[f"{kind} {answer.status}{code}"] += 1


async def measure(scale: Scale) -> list[Figure]:
    day = Day(scale.pick(60, 40), QUOTA)
    layout = Layout(apis=2, workers=2, environment=day.environment, sandbox=day.sandbox)
    async with running_stack(layout) as stack:
        users, seen, over = await crowd(stack, PEOPLE), Seen(), asyncio.Event()
        ids = chain(films(), count(UNKNOWN_FILMS))
        people = asyncio.gather(*(go_on(user, ids, seen, over) for user in users))
        await asyncio.sleep(STRIKE_AFTER_SECONDS)
        before = len((await stack.upstream.log()).counted)
        away_seconds = await strike(stack)
        await until_a_new_day(stack, day)
        over.set()
        await people
        lost = await count_lost(seen)
        log = await stack.upstream.log()
    accepted = sum(map(len, seen.accepted.values()))
    return [
        day.figure,
        Figure("calls before the blow; seconds until all was at work again", f"{before}; {away_seconds:.1f} s"),
        Figure("requests cut off by the blow", str(seen.cut_off)),
        Figure("answers to the others", some(seen.told)),
        *verdicts(log, day.quota, day.seconds),
        used_up(log, day),
        exactly(f"of {accepted} accepted adds, not listed at the end", lost, 0),
    ]


async def go_on(user: User, ids: Iterator[int], seen: Seen, over: asyncio.Event) -> None:
    """Add a film, open another, search for a third, until it is over; a closed door is tried again."""
    mine = seen.accepted.setdefault(user, set())
    while not over.is_set():
        film = next(ids)
        try:
            seen.note("add", added := await user.add(film))
            if added.status == 202:
                mine.add(film)
            seen.note("view", await user.open(next(ids)))
            seen.note("search", await user.search(f"film {film}"))
        except (OSError, EOFError):
            seen.cut_off += 1
            await asyncio.sleep(AWAY_PAUSE_SECONDS)
        await asyncio.sleep(PAUSE_SECONDS)


async def strike(stack: Stack) -> float:
    """Flush, kill, start again; how many seconds until all is at work."""
    async with Redis.from_url(stack.redis.url) as redis:
        await redis.flushall()
    started = time.perf_counter()
    stack.kill(*stack.parts)
    stack.launch(*stack.parts)
    await asyncio.to_thread(stack.wait, *stack.parts)
    return time.perf_counter() - started


async def until_a_new_day(stack: Stack, day: Day) -> None:
    """The calls of the first window are used up as far as background work may, and a second one has begun."""
    started = time.perf_counter()
    while True:
        windows = (await stack.upstream.log()).windows(day.seconds)
        if len(windows) > 1 and time.time() - windows[1][0].at > AFTERWARDS_SECONDS:
            return
        if time.perf_counter() - started > 2.5 * day.seconds:
            raise CannotMeasure("No call was made in a new window of the quota.")
        await asyncio.sleep(0.5)


def used_up(log: CallLog, day: Day) -> Figure:
    """Interactive calls may use all of the day."""
    first = log.windows(day.seconds)[0]
    least = round(LEAST_USED * day.quota)
    seconds = first[-1].at - first[0].at
    return Figure(
        "calls of the first day (it must be used up for this row to mean anything)",
        f"{len(first)}, the last {seconds:.0f} s after the first",
        f"≥ {least}",
        len(first) >= least,
    )


async def count_lost(seen: Seen) -> int:
    lost = 0
    for user, accepted in seen.accepted.items():
        listed = {item["kinopoisk_id"] for item in expected(await user.favourites(100), 200).json()["items"]}
        lost += len(accepted - listed)
    return lost
