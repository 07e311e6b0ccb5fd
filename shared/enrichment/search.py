"""Search at Kinopoisk: one call for equal questions over all processes; its films are kept as summaries."""

import asyncio
import math
import time
import uuid
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import text

from shared.enrichment.rebuild import project_missing
from shared.enrichment.search_cache import Found, SearchCache, search_key
from shared.enrichment.store import store_summaries
from shared.enrichment.upstream import Upstream
from shared.flights import Flights
from shared.kinopoisk.errors import KinopoiskFault, KinopoiskRefusal, NoConnection
from shared.kinopoisk.models import FoundPage
from shared.lending import driver
from shared.prepared import Prepared
from shared.upstream import access, calls, errors
from shared.upstream.errors import NotNow

PAGE_SIZE = 20
LAST_PAGE = 20
LOOK_AGAIN_SECONDS = 0.05

STORED = Prepared(text("SELECT count(*) AS films FROM film WHERE kinopoisk_id = ANY(CAST(:films AS integer[]))"))


class Kept(NamedTuple):
    """An earlier answer, and whether it need not be asked for again."""

    found: Found
    fresh: bool


class Searches:
    """Searches for people who wait."""

    def __init__(self, upstream: Upstream, cache: SearchCache, patience_seconds: float) -> None:
        self._upstream = upstream
        self._cache = cache
        self._patience = patience_seconds
        self._flights: Flights[Found] = Flights()

    async def kept(self, query: str, page: int) -> Kept | None:
        """An earlier answer whose films are all stored: the cache may outlive the database."""
        found = await self._cache.get(search_key(query, page))
        if found is None or not (await self._all_stored(found.films) or await self._restored(found.films)):
            return None
        return Kept(found, self._cache.is_fresh(found))

    async def ask(self, query: str, page: int, user_id: uuid.UUID) -> Found:
        """Upstream's own answer, stored and kept. Raises NotNow."""
        key = search_key(query, page)
        try:
            async with asyncio.timeout(self._patience):
                return await self._flights.join(key, lambda: self._in_turn(key, query, page, user_id))
        except TimeoutError:
            raise NotNow(errors.UNAVAILABLE, 5) from None

    async def _all_stored(self, films: list[int]) -> bool:
        async with driver(self._upstream.engine) as connection:
            stored = await STORED.row(connection, films=films)
        return bool(stored["films"] == len(set(films)))

    async def _restored(self, films: list[int]) -> bool:
        """Project them anew: the read table may have been truncated since they were found."""
        for film in films:
            await project_missing(self._upstream.engine, film, film)
        return await self._all_stored(films)

    async def close(self) -> None:
        await self._flights.land(self._patience)

    async def _in_turn(self, key: str, query: str, page: int, user_id: uuid.UUID) -> Found:
        """Ask, or wait for the answer of who asks already in another process."""
        lasts = access.PATIENCE_SECONDS + self._upstream.terms.call_seconds
        last_look = time.monotonic() + self._patience
        while True:
            if token := await self._cache.take_turn(key, lasts):
                try:
                    return await self._ask(key, query, page, user_id)
                finally:
                    await self._cache.end_turn(key, token)
            if time.monotonic() > last_look:
                raise NotNow(errors.BUSY, 1)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _ask(self, key: str, query: str, page: int, user_id: uuid.UUID) -> Found:
        kept = await self._cache.get(key)
        if kept and self._cache.is_fresh(kept):  # somebody else's turn has just ended
            return kept
        answer = await self._call(query, page, user_id)
        await store_summaries(self._upstream.engine, answer.films)
        found = _found(answer, page)
        await self._cache.put(key, found)
        return found

    async def _call(self, query: str, page: int, user_id: uuid.UUID) -> FoundPage:
        upstream = self._upstream
        call = await access.one_list(upstream.access, user_id)
        try:
            answer = await upstream.kinopoisk.search(query, page)
        except KinopoiskRefusal as refusal:
            seconds = await calls.end(upstream.engine, upstream.terms, call, refusal.code)
            raise NotNow(refusal.code, seconds) from None
        except NoConnection as busy:
            await calls.never_made(upstream.engine, call)
            raise NotNow(busy.code, 1) from None
        except KinopoiskFault as fault:
            await calls.end(upstream.engine, upstream.terms, call, calls.FAULT)
            raise NotNow(fault.code, 5) from None
        await calls.end(upstream.engine, upstream.terms, call, calls.ANSWERED)
        return answer


def _found(answer: FoundPage, page: int) -> Found:
    """Totals that agree with what is shown: upstream's own page count may be 0 with hits."""
    seen = (page - 1) * PAGE_SIZE + len(answer.films) if answer.films else 0
    total = max(answer.total or 0, seen)
    pages = min(math.ceil(total / PAGE_SIZE), LAST_PAGE)
    return Found([listed.film.kinopoisk_id for listed in answer.films], pages, total, datetime.now(UTC))
