"""20 users add the same film in the same moment, a film that nobody had: all are accepted, upstream is asked once.

Repeated with other films; the sandbox's own call log counts.
"""

import asyncio

from rich.progress import track

from bench.figures import Figure, Scale, exactly, percentile
from bench.people import User, films, new_users
from bench.stack import Stack, running_stack

USERS = 20
UPSTREAM_SECONDS = 0.15
# A second call, if there were one, would come within this time of the first.
LISTEN_SECONDS = 1.0


async def measure(scale: Scale) -> list[Figure]:
    repetitions, ids = scale.pick(10, 3), films()
    accepted, asked, slowest = [], [], []
    async with running_stack() as stack:
        users = await new_users(stack.address, USERS)
        await stack.upstream.answer_after(UPSTREAM_SECONDS)
        for _ in track(range(repetitions), "films"):
            film = next(ids)
            seconds, count = await add_at_once(users, film)
            slowest.append(max(seconds) * 1000)
            accepted.append(count)
            asked.append(await calls_for(stack, film))
    return [
        exactly(f"202 of {USERS}, fewest over {repetitions} films", min(accepted), USERS),
        exactly("upstream calls for a film, most", max(asked), 1),
        exactly("upstream calls for a film, fewest", min(asked), 1),
        Figure("slowest of the 20 answers, median over films", f"{percentile(slowest, 0.5):.0f} ms"),
    ]


async def add_at_once(users: list[User], film: int) -> tuple[list[float], int]:
    """Seconds of each add, and how many were accepted; returns when every user sees the film as ready."""
    await asyncio.gather(*(user.profile() for user in users))  # open connections make the adds meet
    answers = await asyncio.gather(*(user.add(film) for user in users))
    await asyncio.gather(*(user.until_ready(film) for user in users))
    return [answer.seconds for answer in answers], sum(answer.status == 202 for answer in answers)


async def calls_for(stack: Stack, film: int) -> int:
    await asyncio.sleep(LISTEN_SECONDS)
    await stack.upstream.idle()
    return int((await stack.upstream.calls())["by_film"].get(str(film), 0))
