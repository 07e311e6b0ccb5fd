"""May upstream be asked now? Limiter, then gate; asked before anything is claimed."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.enrichment.errors import NotNow
from shared.enrichment.films import Upstream
from shared.kinopoisk.errors import NoConnection

# Longer than this nobody waits for a place among the calls: come back is the better answer.
PATIENCE_SECONDS = 2.0


async def for_one_film(upstream: Upstream) -> None:
    """Returns when one call for a film may be made. Raises NotNow."""
    await _permitted(upstream, lambda: upstream.limiter.take_films(1))


async def for_one_search(upstream: Upstream) -> None:
    """Returns when one search may be made. Raises NotNow."""
    await _permitted(upstream, upstream.limiter.take_search)


async def _permitted(upstream: Upstream, take: Callable[[], Awaitable[tuple[int, float]]]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                granted, pause = await take()
                if granted:
                    break
                await asyncio.sleep(max(pause, 0.01))
    except TimeoutError:
        raise NotNow(NoConnection.code, 1) from None
    if closed := await upstream.gate.closed():  # last, because it may hand out the only probe
        raise NotNow(closed.code, closed.seconds)
