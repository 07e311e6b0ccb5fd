"""Search at Kinopoisk: one call for equal questions asked at the same time, films as summary documents."""

import asyncio
import math
from datetime import UTC, datetime
from typing import NamedTuple

from shared.enrichment import permission
from shared.enrichment.documents import summary_document
from shared.enrichment.errors import NotNow
from shared.enrichment.films import Upstream
from shared.enrichment.flights import Flights
from shared.kinopoisk.errors import KinopoiskError, KinopoiskFault, KinopoiskRefusal, NoConnection
from shared.kinopoisk.models import FoundPage

PAGE_SIZE = 20
LAST_PAGE = 20


class Found(NamedTuple):
    """A page of search results: films as (id, document), how many pages and films there are, when this was said."""

    films: list[tuple[int, str]]
    pages: int
    total: int
    fetched_at: datetime


class Searches:
    """Searches for people who wait."""

    def __init__(self, upstream: Upstream, patience_seconds: float) -> None:
        self._upstream = upstream
        self._patience = patience_seconds
        self._flights: Flights[Found] = Flights()

    async def search(self, query: str, page: int) -> Found:
        """Raises NotNow."""
        key = (" ".join(query.casefold().split()), page)
        try:
            async with asyncio.timeout(self._patience):
                return await self._flights.join(key, lambda: self._ask(query, page))
        except TimeoutError:
            raise NotNow(KinopoiskError.code, 5) from None

    async def close(self) -> None:
        await self._flights.land(self._patience)

    async def _ask(self, query: str, page: int) -> Found:
        await permission.for_one_search(self._upstream)
        try:
            answer = await self._upstream.kinopoisk.search(query, page)
        except KinopoiskRefusal as refusal:
            pause = await self._upstream.gate.close(refusal)
            raise NotNow(refusal.code, pause.total_seconds()) from None
        except (KinopoiskFault, NoConnection) as fault:
            raise NotNow(fault.code, 5) from None
        await self._upstream.gate.answered()
        return _found(answer, page)


def _found(answer: FoundPage, page: int) -> Found:
    """Totals that agree with what is shown: upstream's own page count may be 0 with hits."""
    seen = (page - 1) * PAGE_SIZE + len(answer.films) if answer.films else 0
    total = max(answer.search_films_count_result or 0, seen)
    pages = min(math.ceil(total / PAGE_SIZE), LAST_PAGE)
    films = [(film.kinopoisk_id, summary_document(film)) for film in answer.films]
    return Found(films, pages, total, datetime.now(UTC))
