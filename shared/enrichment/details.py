"""Details of films that only relations told of, and so hardly more than the name."""

from collections.abc import Sequence

from sqlalchemy import text
from structlog.contextvars import bound_contextvars

from shared import metrics
from shared.enrichment import claims
from shared.enrichment.ahead import AT_ONCE, Ahead
from shared.enrichment.films import STORED, enrich
from shared.enrichment.upstream import Upstream
from shared.upstream import access
from shared.upstream.terms import Kind

# A favourite or two films must tell of it. Once wanted, a film is in the queue, whatever becomes of it. What is
# undescribed has an index of its own, so that not all that was ever told of is looked up.
UNDESCRIBED = text(f"""
    SELECT undescribed.kinopoisk_id FROM film AS undescribed
    JOIN (
        SELECT film_relation.kinopoisk_id AS teller, unnest(related) AS kinopoisk_id FROM film_relation
    ) AS told USING (kinopoisk_id)
    LEFT JOIN film_sync AS liked ON liked.kinopoisk_id = teller AND liked.priority > 0 AND liked.demand > 0
    WHERE undescribed.detail = 'summary' AND undescribed.genres = '{{}}'
        AND NOT EXISTS (SELECT FROM film_sync AS wanted WHERE wanted.kinopoisk_id = undescribed.kinopoisk_id)
    GROUP BY undescribed.kinopoisk_id
    HAVING count(liked) > 0 OR (count(DISTINCT teller) > 1 AND NOT :favourites_only)
    ORDER BY count(liked) DESC, count(*) DESC, undescribed.kinopoisk_id LIMIT {AT_ONCE}
""")


async def find(upstream: Upstream, *, favourites_only: bool) -> Sequence[int]:
    """Films that are worth it, the best first."""
    async with upstream.engine.connect() as connection:
        return (await connection.scalars(UNDESCRIBED, {"favourites_only": favourites_only})).all()


async def load_next(upstream: Upstream, worth_it: Ahead[int]) -> str | None:
    """Fetch the next film, if there is one. Raises NotNow."""
    film = await worth_it.next()
    if film is None:
        return None
    entered = await access.one_film(
        upstream.access,
        None,
        film,
        lambda connection: claims.want_and_claim(connection, upstream.policy, film, waited_for=False),
        Kind.CATALOGUE,
    )
    if entered is None:
        return "missed"
    with bound_contextvars(kinopoisk_id=film):
        outcome = await enrich(upstream, *entered)
    if outcome != STORED:
        return "missed"
    metrics.count("catalogue.films")
    return "films"
