"""What Kinopoisk says goes with a film: similar ones, and its franchise (sequels and prequels)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.contextvars import bound_contextvars

from shared import metrics
from shared.enrichment import errands
from shared.enrichment.ahead import AT_ONCE, Ahead
from shared.enrichment.policy import Policy, spread
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.models import FoundPage

Relation = Literal["sequel", "similar"]
ASK: dict[Relation, Callable[[KinopoiskClient, int], Awaitable[FoundPage]]] = {
    "sequel": KinopoiskClient.sequels_and_prequels,
    "similar": KinopoiskClient.similars,
}

# So many of the first films of each collection are worth their relations.
BEST_OF_EACH = 100

# Both relations of these films, as far as they are due.
_DUE = f"""
    SELECT kinopoisk_id, relation FROM wanted CROSS JOIN (VALUES ('sequel'), ('similar')) AS kinds (relation)
    LEFT JOIN film_relation USING (kinopoisk_id, relation)
    WHERE next_attempt_at IS NULL OR next_attempt_at <= now()
    ORDER BY place, kinopoisk_id, relation LIMIT {AT_ONCE}
"""

# Films that people have and look at, the more of them the earlier: demand is reckoned hourly, so no favourites are
# counted here.
OF_FAVOURITES = text(f"""
    WITH wanted AS (SELECT kinopoisk_id, -demand AS place FROM film_sync WHERE priority > 0 AND demand > 0) {_DUE}
""")

OF_THE_BEST = text(f"""
    WITH wanted AS (
        SELECT best.kinopoisk_id, min(place) AS place
        FROM collection, unnest(films[1:{BEST_OF_EACH}]) WITH ORDINALITY AS best (kinopoisk_id, place)
        GROUP BY best.kinopoisk_id
    ) {_DUE}
""")

LEASE = text("""
    INSERT INTO film_relation AS ours (kinopoisk_id, relation, attempts, next_attempt_at)
    VALUES (:kinopoisk_id, :relation, 1, now() + CAST(:lease AS interval))
    ON CONFLICT (kinopoisk_id, relation) DO UPDATE
        SET attempts = ours.attempts + 1, next_attempt_at = excluded.next_attempt_at
        WHERE ours.next_attempt_at <= now()
    RETURNING attempts
""")

# An empty answer takes nothing away.
KEEP = text("""
    UPDATE film_relation SET attempts = 0, fetched_at = now(), next_attempt_at = now() + CAST(:again AS interval),
        related = CASE WHEN cardinality(CAST(:related AS integer[])) > 0 THEN :related ELSE related END
    WHERE kinopoisk_id = :kinopoisk_id AND relation = :relation
""")

PUT_OFF = text("""
    UPDATE film_relation SET attempts = :attempts, next_attempt_at = now() + CAST(:delay AS interval)
    WHERE kinopoisk_id = :kinopoisk_id AND relation = :relation AND attempts = :held
""")


async def find(upstream: Upstream, of_which: TextClause) -> list["RelationOf"]:
    """Relations that are due, of favourites or of the best, the most wanted first."""
    async with upstream.engine.connect() as connection:
        return [RelationOf(*row) for row in await connection.execute(of_which)]


async def load_next(upstream: Upstream, due: Ahead["RelationOf"]) -> str | None:
    """Load the next relation, if there is one. Raises NotNow."""
    relation = await due.next()
    if relation is None:
        return None
    with bound_contextvars(kinopoisk_id=relation.film):
        has_come = await errands.run(upstream, relation)
    if has_come:
        metrics.count("catalogue.relations")
        return "relations"
    return "missed"


@dataclass(frozen=True)
class RelationOf:
    """An errand: all films that stand in this relation to the film."""

    film: int
    relation: Relation
    listed = False

    async def lease(self, connection: AsyncConnection, policy: Policy) -> int | None:
        attempts: int | None = await connection.scalar(LEASE, {**self._key, "lease": policy.lease})
        return attempts

    async def ask(self, kinopoisk: KinopoiskClient) -> FoundPage:
        return await ASK[self.relation](kinopoisk, self.film)

    async def keep(self, connection: AsyncConnection, policy: Policy, answer: FoundPage) -> None:
        related = dict.fromkeys(listed.film.kinopoisk_id for listed in answer.films)
        related.pop(self.film, None)
        again = spread(policy.relations_days * policy.day)
        await connection.execute(KEEP, {**self._key, "related": list(related), "again": again})

    async def put_off(self, connection: AsyncConnection, held: int, attempts: int, delay: timedelta) -> None:
        await connection.execute(PUT_OFF, {**self._key, "held": held, "attempts": attempts, "delay": delay})

    @property
    def _key(self) -> dict[str, str | int]:
        return {"kinopoisk_id": self.film, "relation": self.relation}
