"""What may go wrong at Kinopoisk, each as the sandbox does it, and what is expected of the service then."""

import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bench.stack import KEY, Stack

Strike = Callable[[Stack, int], Awaitable[None]]


class Trouble(NamedTuple):
    """A fault that lasts so many seconds. A refusal costs no film an attempt; of faults the breaker takes care."""

    name: str
    seconds: int
    strike: Strike
    refusal: bool = False


async def quota_used_up(stack: Stack, seconds: int) -> None:
    """Somebody else has used the rest of the day's calls; the window ends when the round does.

    The key may not be asked for meanwhile, or the service would know without a refusal and make no call at all.
    """
    await stack.upstream.fault("status", path="other", status=403)
    calls = (await stack.upstream.log()).counted
    age = time.time() - calls[0].at if calls else 0.0
    await stack.upstream.settings(quota=len(calls), window_seconds=age + seconds)


async def key_refused(stack: Stack, seconds: int) -> None:
    await stack.upstream.settings(keys=["another-key"])


async def too_fast(stack: Stack, seconds: int) -> None:
    await stack.upstream.fault("status", status=429)


async def half_fail_slowly(stack: Stack, seconds: int) -> None:
    await stack.upstream.fault("latency", seconds=3)
    await stack.upstream.fault("status", status=502, probability=0.5)


def fault(kind: str) -> Strike:
    async def strike(stack: Stack, seconds: int) -> None:
        await stack.upstream.fault(kind)

    return strike


async def end(stack: Stack, quota: int, window_seconds: int) -> None:
    """As if nothing had been; an end of the window that has come is not taken back."""
    await stack.upstream.recover()
    await stack.upstream.settings(keys=[KEY], quota=quota, window_seconds=window_seconds)


QUOTA = Trouble("402 until the window ends", 10, quota_used_up, refusal=True)
TROUBLES = (
    QUOTA,
    Trouble("401", 10, key_refused, refusal=True),
    Trouble("429 for everything", 10, too_fast, refusal=True),
    Trouble("half 5xx, 3 s late", 30, half_fail_slowly),
    Trouble("hang", 16, fault("hang")),
    Trouble("HTML", 10, fault("html")),
    Trouble("drip", 16, fault("drip")),
    Trouble("garbage", 10, fault("garbage")),
)
