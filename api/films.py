"""How a stored document becomes what clients get: its freshness is joined from film_sync and spliced in as text."""

from typing import Any

import orjson
from sqlalchemy import Label, Row, func

from shared.moments import json_moment
from shared.tables.read import film
from shared.tables.work import film_sync

# What a row must hold for `with_freshness`, beside the document. A summary may have no work row: nothing refreshes it.
FRESHNESS: tuple[Label[Any], ...] = (
    func.coalesce(film_sync.c.fetched_at, film.c.fetched_at).label("fetched_at"),
    film_sync.c.next_attempt_at.label("next_refresh_at"),
    (film_sync.c.fresh_until < func.now()).label("stale"),
    film_sync.c.last_error_code.label("last_error"),
)


def with_freshness(document: str, row: Row[tuple[Any, ...]]) -> str:
    """The film's JSON; no object is built, because a list of twenty would spend most of its time on that."""
    return extended(document, freshness=freshness(row))


def freshness(row: Row[tuple[Any, ...]]) -> dict[str, Any]:
    """When it was received, when it will be again, whether it is older than it should be, what went wrong last."""
    return {
        "fetched_at": json_moment(row.fetched_at),
        "next_refresh_at": json_moment(row.next_refresh_at),
        "stale": bool(row.stale),
        "last_error": row.last_error,
    }


def extended(document: str, **members: object) -> str:
    """The JSON object with more members at its end."""
    return f"{document[:-1]},{orjson.dumps(members).decode()[1:]}"
