"""How a stored document becomes what clients get: its freshness is joined from film_sync and spliced in as text."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Label, func

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


def with_freshness(document: str, row: Mapping[str, Any]) -> str:
    """The film's JSON with when it was received, when it will be again, whether it is older than it should be, what
    went wrong last. No object is built: a list of twenty would spend most of its time on that.
    """
    stale = "true" if row["stale"] else "false"
    return (
        f'{document[:-1]},"freshness":{{"fetched_at":{quoted(row["fetched_at"])},'
        f'"next_refresh_at":{quoted(row["next_refresh_at"])},"stale":{stale},"last_error":{code(row["last_error"])}}}}}'
    )


@lru_cache(maxsize=4_096)
def quoted(moment: datetime | None) -> str:
    """As JSON. Remembered, because the same films stand in many lists, and the same list is asked for again."""
    return f'"{json_moment(moment)}"' if moment else "null"


def code(word: str | None) -> str:
    """Words of ours need no escaping."""
    return f'"{word}"' if word else "null"


def extended(document: str, **members: object) -> str:
    """The JSON object with more members at its end."""
    return f"{document[:-1]},{orjson.dumps(members).decode()[1:]}"
