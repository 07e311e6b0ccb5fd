"""What must be true of the database at any moment, whatever has been done to the service.

Each statement counts the rows that break it. What must never be taken back (details, when they were fetched, the number
of a claim) is watched by a trigger, which writes down every change that should not have been.
"""

from collections.abc import Awaitable, Callable
from typing import Any

INVARIANTS = {
    "a favourite whose film nobody will fetch": """
        SELECT count(*) FROM favourite LEFT JOIN film_sync USING (kinopoisk_id) WHERE film_sync.kinopoisk_id IS NULL
    """,
    "a film without a next time": "SELECT count(*) FROM film_sync WHERE next_attempt_at IS NULL",
    "a ready film without details, or without a name": """
        SELECT count(*) FROM film_sync LEFT JOIN film USING (kinopoisk_id) WHERE status = 'ready'
            AND (film.detail IS DISTINCT FROM 'full' OR coalesce(names, '') = '')
    """,
    "details of a film that is not ready": """
        SELECT count(*) FROM film JOIN film_sync USING (kinopoisk_id) WHERE detail = 'full' AND status <> 'ready'
    """,
    "details that no source proves": """
        SELECT count(*) FROM film LEFT JOIN film_source AS source USING (kinopoisk_id)
        WHERE film.detail = 'full' AND source.detail IS DISTINCT FROM 'full'
    """,
    "a film that is ready and was never fetched": """
        SELECT count(*) FROM film_sync WHERE status = 'ready' AND fetched_at IS NULL
    """,
    "a lease without an end, or of somebody who holds none": """
        SELECT count(*) FROM film_sync WHERE claimed_at > now() OR next_attempt_at > now() + interval '400 days'
    """,
    "a call that ended before it began, or ended without an outcome": """
        SELECT count(*) FROM upstream_call WHERE ended_at < at OR (ended_at IS NULL) <> (outcome IS NULL)
    """,
    "more calls than the day has": """
        SELECT count(*) FROM upstream_budget WHERE reported_limit >= 0 AND reported_used > reported_limit
    """,
}

TAKEN_BACK = "SELECT count(*) FROM taken_back"
# For a database that ends with the test, and whose rows nobody shifts in time.
WATCH = """
    CREATE TABLE IF NOT EXISTS taken_back (kinopoisk_id integer, what text);
    CREATE OR REPLACE FUNCTION note_what_is_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.fetched_at < OLD.fetched_at OR (OLD.fetched_at IS NOT NULL AND NEW.fetched_at IS NULL) THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'fetched_at');
        END IF;
        IF NEW.claim_seq < OLD.claim_seq THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'claim_seq');
        END IF;
        IF OLD.status = 'ready' AND NEW.status <> 'ready' THEN
            INSERT INTO taken_back VALUES (NEW.kinopoisk_id, 'ready');
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE TRIGGER taken_back BEFORE UPDATE ON film_sync
        FOR EACH ROW EXECUTE FUNCTION note_what_is_taken_back();
"""

OLDEST_DUE_SECONDS = """
    SELECT coalesce(extract(epoch FROM max(now() - next_attempt_at)), 0)::float8
    FROM film_sync WHERE next_attempt_at <= now()
"""


async def broken(count: Callable[[str], Awaitable[Any]]) -> list[str]:
    """The invariants that do not hold, with how many rows break each; `count` runs a statement and gives its number."""
    found = [(name, await count(statement)) for name, statement in INVARIANTS.items()]
    return [f"{name}: {rows}" for name, rows in found if rows]
