"""Which films to recommend, best first: one statement over the model, ranked for whoever asks at this moment.

What the latest favourites say of their neighbours, faded by how long ago each was added; then how good a film is and
how much it is favoured at large, which counts the more the less is known of the person. Films of the chart stand in
where the favourites say too little. The weights and why: shared.recommendations.
"""

import math
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Float, Integer, Row, SmallInteger, column, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.films import FRESHNESS
from shared.recommendations import (
    ADULT,
    FAVOURITES_HEARD,
    HALF_LIFE,
    OVERALL,
    PRIOR_LEAST,
    PRIOR_MORE,
    TREND_WEIGHT,
)
from shared.tables.read import film
from shared.tables.work import film_sync

# Of a short list so many may have the same reason, where there are others.
SAME_REASON, SHORT = 3, 5
# Scores are 0 to 1.
HIGHEST = 1 + PRIOR_LEAST + PRIOR_MORE + TREND_WEIGHT
# A favourite is named as the reason only if favourites make up so much of the score.
LEAST_SHARE = 0.1

# `seen` is a hash to look into: looking each candidate up in the tables made the slowest requests twice as slow. The
# trend is looked up film by film (LIMIT keeps the planner from reading all of it), so that a list costs what the person
# has and not what the catalogue has. The pool leaves room for films that fall to the franchises' rule, or that
# turned out to be for adults since the trend was made.
RANKED = text(f"""
    WITH recent AS MATERIALIZED (
        SELECT kinopoisk_id, exp({-math.log(2) / HALF_LIFE}::float8
            * (row_number() OVER (ORDER BY added_at DESC, kinopoisk_id DESC) - 1)::float8) AS loudness
        FROM favourite WHERE user_id = CAST(:user_id AS uuid)
        ORDER BY added_at DESC, kinopoisk_id DESC LIMIT {FAVOURITES_HEARD}
    ), seen AS MATERIALIZED (
        SELECT kinopoisk_id FROM favourite WHERE user_id = CAST(:user_id AS uuid)
        UNION ALL SELECT kinopoisk_id FROM hidden_film WHERE user_id = CAST(:user_id AS uuid)
    ), said AS MATERIALIZED (
        SELECT neighbour.id, recent.kinopoisk_id AS because, neighbour.kind, neighbour.weight * recent.loudness AS share
        FROM recent JOIN film_neighbour USING (kinopoisk_id)
        CROSS JOIN LATERAL unnest(neighbours, weights, kinds) AS neighbour (id, weight, kind)
    ), heard AS MATERIALIZED (
        SELECT id, sum(share) AS share FROM said GROUP BY id
    ), scale AS MATERIALIZED (
        SELECT greatest((SELECT max(share) FROM heard), (SELECT half_row_max FROM recommender_model), 1e-9) AS most,
            {PRIOR_LEAST} + {PRIOR_MORE} / (1 + (SELECT count(*) FROM recent) / 2.0::float8) AS prior_weight
    ), charted AS (
        SELECT kinopoisk_id AS id FROM (
            SELECT kinopoisk_id, place FROM film_chart WHERE genre = CAST(:genre AS smallint)
            ORDER BY place LIMIT CAST(:pool AS integer) + (SELECT count(*) FROM seen)
        ) AS best WHERE NOT EXISTS (SELECT FROM seen WHERE seen.kinopoisk_id = best.kinopoisk_id)
        ORDER BY place LIMIT CAST(:pool AS integer)
    ), candidate AS (
        SELECT id, share / most AS taste FROM heard, scale
        UNION ALL
        SELECT id, 0 FROM charted WHERE NOT EXISTS (SELECT FROM heard WHERE heard.id = charted.id)
    ), scored AS MATERIALIZED (
        SELECT id, taste / {HIGHEST} AS taste, franchise,
            ((taste + prior_weight * prior + {TREND_WEIGHT} * trend) / {HIGHEST})::real AS score
        FROM candidate CROSS JOIN scale
        CROSS JOIN LATERAL (SELECT * FROM film_trend WHERE kinopoisk_id = candidate.id LIMIT 1) AS at_large
        WHERE (CAST(:genre AS smallint) = {OVERALL} OR CAST(:genre AS smallint) = ANY (genres))
            AND NOT EXISTS (SELECT FROM seen WHERE seen.kinopoisk_id = candidate.id)
        ORDER BY score DESC, id LIMIT CAST(:pool AS integer)
    ), reason AS (
        SELECT DISTINCT ON (id) id, because, kind FROM said JOIN scored USING (id)
        WHERE taste >= {LEAST_SHARE} * score ORDER BY id, said.share DESC, because
    ), first_of_franchise AS (
        SELECT DISTINCT ON (coalesce(franchise, -id)) id, score, because, kind
        FROM scored JOIN film ON film.kinopoisk_id = id AND {ADULT} <> ALL (film.genres) LEFT JOIN reason USING (id)
        ORDER BY coalesce(franchise, -id), score DESC, id
    ), numbered AS (
        SELECT *, row_number() OVER (PARTITION BY coalesce(because, -id) ORDER BY score DESC, id) > {SAME_REASON}
            AND CAST(:limit AS integer) <= {SHORT} AS monotonous FROM first_of_franchise
    )
    SELECT row_number() OVER (ORDER BY monotonous, score DESC, id) AS place, id, score, because, kind
    FROM numbered ORDER BY monotonous, score DESC, id LIMIT CAST(:limit AS integer)
""").columns(
    column("place", Integer),
    column("id", Integer),
    column("score", Float),
    column("because", Integer),
    column("kind", SmallInteger),
)

ranked = RANKED.subquery("ranked")
liked = film.alias("liked")

WITH_FILMS = (
    select(
        ranked.c.id.label("kinopoisk_id"),
        ranked.c.score,
        ranked.c.because,
        ranked.c.kind,
        liked.c.document.label("because_document"),
        film.c.document,
        *FRESHNESS,
    )
    .select_from(
        ranked.join(film, film.c.kinopoisk_id == ranked.c.id)
        .outerjoin(film_sync, film_sync.c.kinopoisk_id == ranked.c.id)
        .outerjoin(liked, liked.c.kinopoisk_id == ranked.c.because)
    )
    .order_by(ranked.c.place)
)


async def rank(
    engine: AsyncEngine, user_id: uuid.UUID | None, genre: int | None, limit: int
) -> Sequence[Row[tuple[Any, ...]]]:
    """At most `limit` films: id, score, the favourite that spoke most for it (or null) and in what way, documents.

    Without a user the films of the chart. `genre` is an id; None is all of them.
    """
    wish = {"user_id": user_id, "genre": genre or OVERALL, "limit": limit, "pool": 4 * limit + 100}
    async with engine.connect() as connection:
        return (await connection.execute(WITH_FILMS, wish)).all()
