"""How a claim ends. Each statement is fenced by claim_seq, so a holder that lost its lease changes nothing.

Only an answer clears a film of the suspicion that its holders die of it: a fault never came so far as to show that. One
that has to rest nevertheless keeps so much of it that it costs a single call when it is due again.
"""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.claims import Claim
from shared.enrichment.merge import filled
from shared.enrichment.policy import MOST_MISSES, Policy, spread
from shared.enrichment.store import Source, store
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film
from shared.tables.work import film_source

_HELD = "WHERE kinopoisk_id = :kinopoisk_id AND claim_seq = :claim_seq RETURNING status"
_NOBODY_WAITS = "claimed_at = NULL, requested_by = NULL, rank = 0, requested_at = NULL, request_id = NULL"
# How long the next attempt waits for a film that upstream did not know so many times in a row.
_RARER = f"2 ^ least(misses, {MOST_MISSES})"

# A film that came without anybody's asking is refreshed with what the others leave: without `refresh_days` it puts off
# no film that people have. Once they have it too, its next refresh gives it some.
_UNASKED = "priority > 0 AND demand <= 0 AND requested_by IS NULL AND refresh_days IS NULL"

# Due again by its own interval, put off as far as the budget asks for. Who waited for it wants it, which counts as one
# favourite until the next forecast.
READY = text(f"""
    UPDATE film_sync SET status = 'ready', attempts = 0, lost_leases = 0, misses = 0, priority = 1, {_NOBODY_WAITS},
        last_error_code = NULL, fetched_at = now(),
        refresh_days = CASE WHEN NOT ({_UNASKED}) THEN CAST(:days AS float8) END,
        demand = greatest(demand, CASE WHEN requested_by IS NULL THEN 0 ELSE 1 END),
        fresh_until = now() + CAST(:refresh AS interval),
        next_attempt_at = now() + CAST(:refresh AS interval)
            * greatest(coalesce((SELECT refresh_stretch FROM upstream_budget), 1), 1)
    {_HELD}, extract(epoch FROM clock_timestamp() - CAST(:wished_at AS timestamptz))::float8 AS waited
""")

# A film that once was ready keeps its details: a 404 later on only marks it.
NOT_FOUND = text(f"""
    UPDATE film_sync SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'not_found' END,
        attempts = 0, lost_leases = 0, misses = misses + 1, {_NOBODY_WAITS}, last_error_code = 'film-not-found',
        priority = 2, demand = -1,
        fetched_at = CASE status WHEN 'ready' THEN fetched_at ELSE now() END,
        next_attempt_at = now() + {_RARER} * CASE status WHEN 'ready' THEN CAST(:day AS interval)
            ELSE CAST(:again AS interval) END
    {_HELD}
""")

RETRY = text(f"""
    UPDATE film_sync SET claimed_at = NULL, last_error_code = :code, next_attempt_at = now() + CAST(:delay AS interval)
    {_HELD}
""")

# Waiting is nobody's fault: the attempt is given back, and the film is due again; what keeps it waiting is elsewhere.
RELEASED = text(f"""
    UPDATE film_sync SET claimed_at = NULL, attempts = greatest(attempts - 1, 0), last_error_code = :code,
        next_attempt_at = now() + CAST(:delay AS interval) {_HELD}
""")

GIVE_UP = text(f"""
    UPDATE film_sync SET status = CASE status WHEN 'pending' THEN 'failed' ELSE status END,
        attempts = 0, priority = 2, demand = -1, {_NOBODY_WAITS}, last_error_code = :code,
        lost_leases = CASE WHEN lost_leases > 0 THEN CAST(:last_lease AS integer) ELSE 0 END,
        next_attempt_at = now() + CAST(:delay AS interval) {_HELD}
""")


async def ready(engine: AsyncEngine, policy: Policy, claim: Claim, body: str) -> tuple[str | None, float | None]:
    """Store the source, project it and finish, in one transaction; None where the lease was lost.

    The status, and how many seconds somebody waited for a film that nobody had.
    """
    async with engine.begin() as connection:
        earlier = await connection.scalar(
            select(film_source.c.body).filter_by(kinopoisk_id=claim.kinopoisk_id).with_for_update()
        )
        source = filled(body, earlier)
        film = parse(Film, source)
        days = policy.refresh_days(film)
        values = _held(claim, days=days, refresh=spread(days * policy.day), wished_at=claim.wished_at)
        finished = (await connection.execute(READY, values)).one_or_none()
        if finished:
            await store(connection, [Source(film, source)], "full")
    return (finished.status, finished.waited) if finished else (None, None)


async def not_found(engine: AsyncEngine, policy: Policy, claim: Claim) -> str | None:
    """Upstream has no such film."""
    async with engine.begin() as connection:
        row = await connection.execute(NOT_FOUND, _held(claim, day=policy.day, again=policy.ask_again_in()))
        return row.scalar_one_or_none()


async def failed(engine: AsyncEngine, policy: Policy, claim: Claim, code: str) -> str | None:
    """This attempt failed: try later, or give up for now after the last of them."""
    if claim.attempts >= policy.max_attempts:
        return await given_up(engine, policy, claim, code)
    async with engine.begin() as connection:
        row = await connection.execute(RETRY, _held(claim, code=code, delay=policy.retry_in(claim.attempts)))
        return row.scalar_one_or_none()


async def given_up(engine: AsyncEngine, policy: Policy, claim: Claim, code: str) -> str | None:
    """Let it rest."""
    values = _held(claim, code=code, delay=policy.give_up_for(), last_lease=policy.max_attempts - 1)
    async with engine.begin() as connection:
        return (await connection.execute(GIVE_UP, values)).scalar_one_or_none()


async def released(engine: AsyncEngine, claim: Claim, code: str, delay: timedelta) -> str | None:
    """Upstream would not answer now, whatever the film: give the claim and its attempt back."""
    async with engine.begin() as connection:
        row = await connection.execute(RELEASED, _held(claim, code=code, delay=delay))
        return row.scalar_one_or_none()


def _held(claim: Claim, **values: object) -> dict[str, object]:
    return {"kinopoisk_id": claim.kinopoisk_id, "claim_seq": claim.claim_seq, **values}
