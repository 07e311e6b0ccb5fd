"""A film that somebody waits for: claimed and fetched at once, or awaited where another process has the claim.

A suspect (shared.enrichment.claims) is left to the worker, so that no API process dies of a film twice.
"""

import asyncio
import time
import uuid

from sqlalchemy import Row, text

from shared.enrichment import claims
from shared.enrichment.films import enrich
from shared.enrichment.rebuild import project_missing
from shared.enrichment.upstream import Upstream
from shared.flights import Flights
from shared.upstream import access, errors
from shared.upstream.errors import NotNow
from shared.upstream.terms import Kind

LOOK_AGAIN_SECONDS = 0.1

# `elsewhere`: another process has it, or a worker will.
STATE = text("""
    SELECT status, claimed_at IS NOT NULL OR (lost_leases > 0 AND next_attempt_at <= now()) AS elsewhere,
        last_error_code,
        greatest(extract(epoch FROM next_attempt_at - now()), 0)::float8 AS due_in,
        EXISTS (SELECT FROM film
            WHERE film.kinopoisk_id = film_sync.kinopoisk_id AND film.detail = 'full') AS projected
    FROM film_sync WHERE kinopoisk_id = :kinopoisk_id
""")


class FilmsOnDemand:
    """Details of films for people who wait; one flight a film and process, one call over all processes."""

    def __init__(self, upstream: Upstream, patience_seconds: float) -> None:
        self._upstream = upstream
        self._patience = patience_seconds
        self._flights: Flights[None] = Flights()
        self._closing = False

    async def fetch(self, kinopoisk_id: int, user_id: uuid.UUID) -> None:
        """Returns once upstream has answered, with the film or that it has none. Raises NotNow."""
        await self._join(kinopoisk_id, user_id, Kind.INTERACTIVE, self._patience)

    async def fetch_more(self, kinopoisk_id: int, user_id: uuid.UUID, patience_seconds: float) -> None:
        """The same for somebody who has a summary: the last calls of the day are left to those who have nothing."""
        await self._join(kinopoisk_id, user_id, Kind.NEW, patience_seconds)

    async def _join(self, kinopoisk_id: int, user_id: uuid.UUID, kind: Kind, patience_seconds: float) -> None:
        try:
            async with asyncio.timeout(patience_seconds):
                await self._flights.join(kinopoisk_id, lambda: self._fetch(kinopoisk_id, user_id, kind))
        except TimeoutError:
            raise NotNow(errors.UNAVAILABLE, 5) from None

    async def close(self) -> None:
        """Finish what is being fetched here; what others fetch is not waited for."""
        self._closing = True
        await self._flights.land(self._patience)

    async def _fetch(self, kinopoisk_id: int, user_id: uuid.UUID, kind: Kind) -> None:
        last_look, projected = time.monotonic() + self._patience, False
        while True:
            state = await self._state(kinopoisk_id)
            if state is None or (state.due_in == 0 and state.status != "ready" and not state.elsewhere):
                await self._claim_and_enrich(kinopoisk_id, user_id, kind)
            elif state.projected or state.status == "not_found":
                return
            elif state.status == "ready" and not projected:  # the read table was truncated
                await project_missing(self._upstream.engine, kinopoisk_id, kinopoisk_id)
                projected = True
            elif not state.elsewhere or self._closing or time.monotonic() > last_look:
                raise NotNow(state.last_error_code or errors.UNAVAILABLE, state.due_in)
            else:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _state(self, kinopoisk_id: int) -> Row[tuple[str, bool, str | None, float, bool]] | None:
        async with self._upstream.engine.connect() as connection:
            return (await connection.execute(STATE, {"kinopoisk_id": kinopoisk_id})).one_or_none()

    async def _claim_and_enrich(self, kinopoisk_id: int, user_id: uuid.UUID, kind: Kind) -> None:
        upstream = self._upstream
        entered = await access.one_film(
            upstream.access,
            user_id,
            kinopoisk_id,
            lambda connection: claims.want_and_claim(connection, upstream.policy, kinopoisk_id),
            kind,
        )
        if entered:
            await enrich(upstream, *entered)
