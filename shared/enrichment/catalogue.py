"""The catalogue: what is loaded without anybody's asking, within its share of the budget, and in which order."""

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import text

from shared.enrichment import claims, collections, relations
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream import access
from shared.upstream.terms import Kind

# Films of which only relations tell, and so hardly more than the name: of a favourite, or of two films. Once wanted,
# a film is in the queue, whatever becomes of it.
UNDESCRIBED = text("""
    SELECT film.kinopoisk_id FROM film_relation
    CROSS JOIN unnest(film_relation.related) AS told (kinopoisk_id)
    JOIN film ON film.kinopoisk_id = told.kinopoisk_id AND film.detail = 'summary' AND film.genres = '{}'
    LEFT JOIN film_sync AS liked
        ON liked.kinopoisk_id = film_relation.kinopoisk_id AND liked.priority > 0 AND liked.demand > 0
    WHERE NOT EXISTS (SELECT FROM film_sync AS wanted WHERE wanted.kinopoisk_id = film.kinopoisk_id)
    GROUP BY film.kinopoisk_id
    HAVING count(liked) > 0 OR count(DISTINCT film_relation.kinopoisk_id) > 1
    ORDER BY count(liked) DESC, count(*) DESC, film.kinopoisk_id LIMIT 1
""")


async def load_details(upstream: Upstream) -> str | None:
    """Fetch a film that relations told of, if one is worth it. Raises NotNow."""
    async with upstream.engine.connect() as connection:
        film: int | None = await connection.scalar(UNDESCRIBED)
    if film is None:
        return None
    entered = await access.one_film(
        upstream.access,
        None,
        film,
        lambda connection: claims.want_and_claim(connection, upstream.policy, film),
        Kind.CATALOGUE,
    )
    if entered is None:
        return "missed"
    await enrich(upstream, *entered)
    upstream.metrics.count("catalogue.films")
    return "films"


Load = Callable[[Upstream], Awaitable[str | None]]

# Collections come first, but every fourth call is for what people have; after them relations and details take turns.
TURNS: tuple[tuple[Load, ...], ...] = (
    (collections.load_next, relations.load_next, load_details),
    (collections.load_next, load_details, relations.load_next),
    (collections.load_next, relations.load_next, load_details),
    (partial(relations.load_next, favourites_only=True), collections.load_next, load_details, relations.load_next),
)


async def step(upstream: Upstream, turn: int) -> str | None:
    """Load one thing and say what: pages, relations, films, or "missed" where another was faster or a call failed.

    None where nothing is due. `turn` is one more each time. Raises NotNow where no call may be made.
    """
    for load in TURNS[turn % len(TURNS)]:
        if done := await load(upstream):
            return done
    return None
