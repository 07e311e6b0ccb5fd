"""Recommendations, ranked for whoever asks at the moment of asking, and kept until anything they follow from changes.

The key of a kept list holds the version of the model and what tells the person's taste, so nothing ever has to be
deleted.
"""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Depends, Response
from sqlalchemy import Row, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.answers import json_bytes
from api.films import with_freshness
from api.identity import OptionalIdentity
from api.inputs import ListLength, TypedGenre
from api.language import Code, Language
from api.openapi import SIGNED_IN, TOKEN_OPTIONAL, problems
from api.queries import genres
from api.queries.deps import AnswerCache, Answers, ReadEngine, RecommendationFlights, ShownFilms
from api.queries.ranking import rank
from api.queries.reasons import reason
from shared.flights import Flights
from shared.genres import Genre
from shared.lending import driver
from shared.moments import json_moment
from shared.prepared import Prepared
from shared.recommendations import KEPT_LISTS
from shared.version import RELEASE

router = APIRouter(tags=["queries"])

PERSONAL, OF_GENRE, POPULAR = "personal", "genre", "popular"

# A person's taste is told by how many favourites and hidden films there are and when the latest was added: whatever is
# added later is newer than all before it, so that no two tastes look the same.
VERSIONS = Prepared(
    text("""
    SELECT (SELECT version FROM recommender_model) AS model, concat_ws('/',
        (SELECT concat_ws('-', count(*), extract(epoch FROM max(added_at))) FROM favourite WHERE user_id = :user_id),
        (SELECT concat_ws('-', count(*), extract(epoch FROM max(hidden_at))) FROM hidden_film WHERE user_id = :user_id)
    ) AS taste
    """).bindparams(bindparam("user_id", type_=Uuid))
)


class Wish(NamedTuple):
    """Who wants what, in which language the reasons are told."""

    user_id: uuid.UUID | None
    genre: Genre | None
    limit: int
    language: Code


class Made(NamedTuple):
    """A list, rendered; its strategy, and its films with theirs, best first."""

    strategy: str
    films: list[tuple[int, str]]
    body: bytes


async def wish(
    identity: OptionalIdentity,
    language: Language,
    engine: ReadEngine,
    genre: TypedGenre | None = None,
    limit: ListLength = 5,
) -> Wish:
    return Wish(identity.user_id if identity else None, await genres.resolve(engine, genre), limit, language)


@router.get(
    "/recommendations",
    response_model=shapes.Recommendations,
    responses=problems(errors.InvalidRequest, errors.UnknownGenre, *SIGNED_IN),
    openapi_extra=TOKEN_OPTIONAL,
)
async def recommend_films(
    wish: Annotated[Wish, Depends(wish)],
    engine: ReadEngine,
    cache: AnswerCache,
    flights: RecommendationFlights,
    impressions: ShownFilms,
) -> Response:
    """Films that the person may like, with the reason for each; without a token, films that are liked at large.

    Favourites, hidden films and films for adults are never among them, and of each franchise that is known only one is.
    """
    key = await key_of(engine, wish)
    made = await kept_or_made(engine, cache, flights, wish, key) if key else await make(engine, wish)
    impressions.shown(wish.user_id, made.strategy, made.films)
    return json_bytes(made.body, Vary="Accept-Language", Content_Language=wish.language)


async def kept_or_made(engine: AsyncEngine, cache: Answers, flights: Flights[Made], wish: Wish, key: str) -> Made:
    """Made once for all who ask at the same time."""

    async def make_and_keep() -> Made:
        made = await make(engine, wish)
        # A short list may soon have more; one that was overtaken meanwhile belongs to another key.
        if len(made.films) == wish.limit and key == await key_of(engine, wish):
            await cache.put(key, packed(made))
        return made

    kept = await cache.get(key)
    return (unpacked(kept) if kept else None) or await flights.join(key, make_and_keep)


async def key_of(engine: AsyncEngine, wish: Wish) -> str | None:
    """Changes with all that the list follows from; None before there is a model, when any moment may change it."""
    async with driver(engine) as connection:
        model, taste = await VERSIONS.row(connection, user_id=wish.user_id)
    genre = wish.genre.id if wish.genre else None
    parts = (RELEASE, wish.user_id, taste, model, genre, wish.limit, wish.language)
    return None if model is None else ":".join(map(str, (KEPT_LISTS, *parts)))


async def make(engine: AsyncEngine, wish: Wish) -> Made:
    """Rank and render."""
    rows = await rank(engine, wish.user_id, wish.genre.id if wish.genre else None, wish.limit)
    films = [(row.kinopoisk_id, strategy_of(row, wish)) for row in rows]
    personal = any(strategy == PERSONAL for _, strategy in films)
    strategy = OF_GENRE if wish.genre else PERSONAL if personal else POPULAR
    head = {
        "strategy": strategy,
        "genre": wish.genre.slug if wish.genre else None,
        "generated_at": json_moment(datetime.now(UTC)),
    }
    items = ",".join(as_json(row, chosen_by, wish) for row, (_, chosen_by) in zip(rows, films, strict=True))
    return Made(strategy, films, f'{orjson.dumps(head).decode()[:-1]},"items":[{items}]}}'.encode())


def strategy_of(row: Row[tuple[Any, ...]], wish: Wish) -> str:
    if row.because is not None:
        return PERSONAL
    return OF_GENRE if wish.genre else POPULAR


def as_json(row: Row[tuple[Any, ...]], strategy: str, wish: Wish) -> str:
    """One recommended film; its document is JSON already."""
    liked = orjson.loads(row.because_document) if row.because_document else None
    rest = {
        "score": round(row.score, 4),
        "strategy": strategy,
        "reason": reason(row.kind, row.because, liked, wish.genre, wish.language),
    }
    return f'{{"film":{with_freshness(row.document, dict(row._mapping))},{orjson.dumps(rest).decode()[1:]}'


def packed(made: Made) -> bytes:
    return orjson.dumps([made.strategy, made.films]) + b"\n" + made.body


def unpacked(kept: bytes) -> Made | None:
    """What cannot be read is as good as nothing."""
    head, newline, body = kept.partition(b"\n")
    try:
        strategy, films = orjson.loads(head)
        made = Made(str(strategy), [(int(film), str(chosen_by)) for film, chosen_by in films], body)
    except (ValueError, TypeError):
        return None
    return made if newline else None
