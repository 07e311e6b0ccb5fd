"""What must hold in the database at any moment, whatever was killed, flushed or lost: each as a question for the rows
that break it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Each selects what breaks it, as a number or an id. `broken` says what the parameters are.
CHECKS = {
    "a favourite without work row": """
        SELECT favourite.kinopoisk_id FROM favourite LEFT JOIN film_sync USING (kinopoisk_id)
        WHERE film_sync.kinopoisk_id IS NULL
    """,
    "a film with no next time": "SELECT kinopoisk_id FROM film_sync WHERE next_attempt_at IS NULL",
    "a status that is none": """
        SELECT kinopoisk_id FROM film_sync WHERE status NOT IN ('pending', 'ready', 'not_found', 'failed')
    """,
    "ready without full details": """
        SELECT film_sync.kinopoisk_id FROM film_sync LEFT JOIN film USING (kinopoisk_id)
        WHERE status = 'ready' AND film.detail IS DISTINCT FROM 'full'
    """,
    "ready without a source": """
        SELECT film_sync.kinopoisk_id FROM film_sync LEFT JOIN film_source USING (kinopoisk_id)
        WHERE status = 'ready' AND film_source.detail IS DISTINCT FROM 'full'
    """,
    "ready without a title": """
        SELECT film_sync.kinopoisk_id FROM film_sync JOIN film USING (kinopoisk_id)
        WHERE status = 'ready' AND coalesce(
            document::jsonb ->> 'name_ru', document::jsonb ->> 'name_en', document::jsonb ->> 'name_original') IS NULL
    """,
    "full details of a film that is not ready": """
        SELECT film.kinopoisk_id FROM film LEFT JOIN film_sync USING (kinopoisk_id)
        WHERE film.detail = 'full' AND film_sync.status IS DISTINCT FROM 'ready'
    """,
    "a lease that ends before it began": "SELECT kinopoisk_id FROM film_sync WHERE claimed_at > next_attempt_at",
    "a claim without number or attempt": """
        SELECT kinopoisk_id FROM film_sync WHERE claimed_at IS NOT NULL AND (claim_seq < 1 OR attempts < 1)
    """,
    "two calls under one lease": """
        SELECT kinopoisk_id FROM film_sync JOIN upstream_call USING (kinopoisk_id)
        WHERE ended_at IS NULL AND kind <> 'catalogue' AND at >= claimed_at GROUP BY kinopoisk_id HAVING count(*) > 1
    """,
    "first in the queue though nobody waits": """
        SELECT kinopoisk_id FROM film_sync WHERE priority = 0 AND requested_at IS NULL
    """,
    "a new favourite behind the refreshes": """
        SELECT DISTINCT kinopoisk_id FROM film_sync JOIN favourite USING (kinopoisk_id)
        WHERE status = 'pending' AND priority > 0
    """,
    "waited for by nobody known": """
        SELECT kinopoisk_id FROM film_sync
        WHERE EXISTS (SELECT requested_by EXCEPT SELECT NULL EXCEPT SELECT id FROM user_account)
            OR EXISTS (SELECT refresh_asked_by EXCEPT SELECT NULL EXCEPT SELECT id FROM user_account)
    """,
    "a session of nobody known": "SELECT id FROM session WHERE user_id NOT IN (SELECT id FROM user_account)",
    "favourites of nobody known": """
        SELECT kinopoisk_id FROM favourite WHERE user_id NOT IN (SELECT id FROM user_account)
    """,
    "more favourites than a user may have": """
        SELECT user_id FROM favourite GROUP BY user_id HAVING count(*) > CAST(:most_favourites AS integer)
    """,
    "more calls than the day has": """
        SELECT count(*) FROM upstream_call
        WHERE at > greatest(now() - make_interval(secs => :day_seconds),
            (SELECT window_began_at FROM upstream_budget))
        HAVING CAST(:daily_limit AS integer) >= 0 AND count(*) > CAST(:daily_limit AS integer)
    """,
}

# In one statement, so of one moment.
ALL = text(
    " UNION ALL ".join(
        f"SELECT '{name}', CAST(found.what AS text) FROM ({query}) AS found (what)" for name, query in CHECKS.items()
    )
)


async def broken(
    connection: AsyncConnection, *, most_favourites: int = 5_000, daily_limit: int = -1, day_seconds: float = 86_400
) -> list[str]:
    """The invariants that do not hold, with what breaks them; the parameters are the settings of these names.

    A read table that is being made again is not meant: wait until it is.
    """
    values = {"most_favourites": most_favourites, "daily_limit": daily_limit, "day_seconds": day_seconds}
    found: dict[str, list[str]] = {}
    for name, what in await connection.execute(ALL, values):
        found.setdefault(name, []).append(what)
    return [f"{name}: {', '.join(what[:10])}" for name, what in found.items()]


async def oldest_due_seconds(connection: AsyncConnection) -> float:
    """How long the film that is due for longest has been due; 0 where none is."""
    age = (
        "SELECT extract(epoch FROM now() - min(next_attempt_at))::float8 FROM film_sync WHERE next_attempt_at <= now()"
    )
    return float(await connection.scalar(text(age)) or 0)


async def fetched(connection: AsyncConnection) -> dict[int, datetime]:
    """When the details stored last were received, by film."""
    query = "SELECT kinopoisk_id, fetched_at FROM film_sync WHERE fetched_at IS NOT NULL"
    rows: Any = await connection.execute(text(query))
    return {row.kinopoisk_id: row.fetched_at for row in rows}


def went_back(before: Mapping[int, datetime], after: Mapping[int, datetime]) -> list[int]:
    """The films whose details are older than they were."""
    return [film for film, moment in before.items() if film not in after or after[film] < moment]
