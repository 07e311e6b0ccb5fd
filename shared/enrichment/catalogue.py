"""The catalogue: what is loaded without anybody's asking, within its share of the budget, and in which order."""

from functools import partial

from sqlalchemy import text

from shared.enrichment import claims, collections, relations
from shared.enrichment.films import STORED, enrich
from shared.enrichment.upstream import Upstream
from shared.upstream import access, ledger
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
    HAVING count(liked) > 0 OR (count(DISTINCT film_relation.kinopoisk_id) > 1 AND NOT :favourites_only)
    ORDER BY count(liked) DESC, count(*) DESC, film.kinopoisk_id LIMIT 1
""")


# Beyond this part of the catalogue's share relations and details are loaded of favourites only: the best of the
# collections alone would use up all of it in the first minute of a day, and leave nothing for what people add later.
UNASKED_SHARE = 0.75


async def load_details(upstream: Upstream, *, favourites_only: bool) -> str | None:
    """Fetch a film that relations told of, if one is worth it. Raises NotNow."""
    async with upstream.engine.connect() as connection:
        film: int | None = await connection.scalar(UNDESCRIBED, {"favourites_only": favourites_only})
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
    if await enrich(upstream, *entered) != STORED:
        return "missed"
    upstream.metrics.count("catalogue.films")
    return "films"


async def step(upstream: Upstream, turn: int) -> str | None:
    """Load one thing and say what: pages, relations, films, or "missed" where another was faster or a call in vain.

    None where nothing is due. `turn` is one more each time. Raises NotNow where no call may be made.

    Collections come first, but every fourth call is for what people have; after them relations and details take turns.
    """
    favourites_only = await _must_save(upstream)
    pages = partial(collections.load_next, upstream)
    of_favourites = partial(relations.load_next, upstream, favourites_only=True)
    related = partial(relations.load_next, upstream, favourites_only=favourites_only)
    details = partial(load_details, upstream, favourites_only=favourites_only)
    order = (
        (pages, related, details),
        (pages, details, related),
        (pages, related, details),
        (of_favourites, pages, details, related),
    )
    for load in order[turn % 4]:
        if done := await load():
            return done
    return None


async def _must_save(upstream: Upstream) -> bool:
    """Whether what is left of the share is for favourites. Raises NotNow where nothing is."""
    terms = upstream.terms
    state = await ledger.look(upstream.engine, terms)
    ledger.room(state, terms, Kind.CATALOGUE)
    ceiling = terms.ceiling(Kind.CATALOGUE, state.daily_limit)
    return ceiling is not None and state.used >= ceiling * UNASKED_SHARE
