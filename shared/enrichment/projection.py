"""A film as the read table holds it: what is served, and what is searched, sorted and filtered by."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.enrichment.documents import Detail, film_document
from shared.genres import genre_named
from shared.kinopoisk.models import Film
from shared.search_names import search_names
from shared.tables.read import film as film_table

# Raise it when `film_row` gives more than before: what is stored is then projected anew within the hour.
VERSION = 2


def film_row(film: Film, detail: Detail) -> dict[str, Any]:
    """All columns but the time."""
    return {
        "kinopoisk_id": film.kinopoisk_id,
        "document": film_document(film, detail),
        "detail": detail,
        "version": VERSION,
        "year": film.year,
        "votes": film.rating_kinopoisk_vote_count,
        "rating": film.rating_kinopoisk,
        "genres": genre_ids(film),
        "names": search_names(film.name_ru, film.name_en, film.name_original),
    }


def genre_ids(film: Film) -> list[int]:
    """Of the genres that have one; a genre that upstream invented is in the document only."""
    ids = (genre_named(item.genre).id for item in film.genres if item.genre)
    return list(dict.fromkeys(id_ for id_ in ids if id_ is not None))


_PROJECTED = insert(film_table).values(
    fetched_at=func.coalesce(bindparam("fetched_at", type_=film_table.c.fetched_at.type), func.now())
)
WRITE = _PROJECTED.on_conflict_do_update(
    index_elements=["kinopoisk_id"],
    set_={column.name: _PROJECTED.excluded[column.name] for column in film_table.columns if column.computed is None},
    where=(film_table.c.detail == "summary") | (_PROJECTED.excluded.detail == "full"),
)


async def project(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write these rows; a summary replaces no full film. Each has `fetched_at`, or was received now."""
    await connection.execute(WRITE, [{"fetched_at": None, **row} for row in rows])
