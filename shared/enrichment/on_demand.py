"""A film that somebody waits for: claimed and fetched at once, or awaited where another process has the claim."""

import asyncio

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert

from shared.enrichment import claims, permission
from shared.enrichment.errors import NotNow
from shared.enrichment.films import Upstream, enrich
from shared.enrichment.flights import Flights
from shared.kinopoisk.errors import KinopoiskError
from shared.tables.work import film_sync

LOOK_AGAIN_SECONDS = 0.1

STATE = text("""
    SELECT status IN ('ready', 'not_found') AS known, claimed_at IS NOT NULL AS claimed, last_error_code,
        greatest(extract(epoch FROM next_attempt_at - now()), 0)::float8 AS due_in
    FROM film_sync WHERE kinopoisk_id = :kinopoisk_id
""")


class FilmsOnDemand:
    """Details of films for people who wait; one flight a film and process, one call over all processes."""

    def __init__(self, upstream: Upstream, patience_seconds: float) -> None:
        self._upstream = upstream
        self._patience = patience_seconds
        self._flights: Flights[None] = Flights()

    async def fetch(self, kinopoisk_id: int) -> None:
        """Returns once upstream has answered, with the film or that it has none. Raises NotNow."""
        try:
            async with asyncio.timeout(self._patience):
                await self._flights.join(kinopoisk_id, lambda: self._fetch(kinopoisk_id))
        except TimeoutError:
            raise NotNow(KinopoiskError.code, 5) from None

    async def close(self) -> None:
        await self._flights.land()

    async def _fetch(self, kinopoisk_id: int) -> None:
        await self._want(kinopoisk_id)
        while not (state := await self._state(kinopoisk_id)).known:
            if state.due_in == 0:
                await self._claim_and_enrich(kinopoisk_id)
            elif state.claimed:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            else:
                raise NotNow(state.last_error_code or KinopoiskError.code, state.due_in)

    async def _want(self, kinopoisk_id: int) -> None:
        wanted = insert(film_sync).values(kinopoisk_id=kinopoisk_id).on_conflict_do_nothing()
        async with self._upstream.engine.begin() as connection:
            await connection.execute(wanted)

    async def _state(self, kinopoisk_id: int) -> Row[tuple[bool, bool, str | None, float]]:
        async with self._upstream.engine.connect() as connection:
            return (await connection.execute(STATE, {"kinopoisk_id": kinopoisk_id})).one()

    async def _claim_and_enrich(self, kinopoisk_id: int) -> None:
        await permission.for_one_film(self._upstream)
        claim = await claims.claim_one(self._upstream.engine, self._upstream.policy, kinopoisk_id)
        if claim:
            await enrich(self._upstream, claim)
