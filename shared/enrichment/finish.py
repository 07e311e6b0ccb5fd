"""How a claim ends. Each statement is fenced by claim_seq, so a holder that lost its lease changes nothing."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.enrichment.claims import Claim
from shared.enrichment.documents import full_document
from shared.enrichment.merge import filled
from shared.enrichment.policy import Policy
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film
from shared.tables.read import film as film_table
from shared.tables.work import film_source

_HELD = "WHERE kinopoisk_id = :kinopoisk_id AND claim_seq = :claim_seq RETURNING status"

READY = text(f"""
    UPDATE film_sync SET status = 'ready', attempts = 0, misses = 0, priority = 1, claimed_at = NULL,
        last_error_code = NULL, fetched_at = now(), fresh_until = now() + CAST(:refresh AS interval),
        next_attempt_at = now() + CAST(:refresh AS interval) {_HELD}
""")

# A film that once was ready keeps its details: a 404 later on only marks it.
NOT_FOUND = text(f"""
    UPDATE film_sync SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'not_found' END,
        attempts = 0, misses = misses + 1, priority = 1, claimed_at = NULL, last_error_code = 'film-not-found',
        fetched_at = CASE status WHEN 'ready' THEN fetched_at ELSE now() END,
        next_attempt_at = now() + CASE status WHEN 'ready' THEN interval '1 day' ELSE CAST(:again AS interval) END
    {_HELD}
""")

RETRY = text(f"""
    UPDATE film_sync SET claimed_at = NULL, last_error_code = :code, next_attempt_at = now() + CAST(:delay AS interval)
    {_HELD}
""")

# Waiting is nobody's fault: the attempt is given back.
RELEASED = text(f"""
    UPDATE film_sync SET claimed_at = NULL, attempts = greatest(attempts - 1, 0), last_error_code = :code,
        next_attempt_at = now() + CAST(:delay AS interval) {_HELD}
""")

GIVE_UP = text(f"""
    UPDATE film_sync SET status = CASE status WHEN 'pending' THEN 'failed' ELSE status END,
        attempts = 0, priority = 2, claimed_at = NULL, last_error_code = :code,
        next_attempt_at = now() + CAST(:delay AS interval) {_HELD}
""")


async def ready(engine: AsyncEngine, policy: Policy, claim: Claim, body: str) -> str | None:
    """Store the source, project it and finish, in one transaction; None where the lease was lost."""
    async with engine.begin() as connection:
        earlier = await connection.scalar(select(film_source.c.body).filter_by(kinopoisk_id=claim.kinopoisk_id))
        source = filled(body, earlier)
        film = parse(Film, source)
        row = await connection.execute(READY, _held(claim, refresh=policy.refresh_in(film.year)))
        status: str | None = row.scalar_one_or_none()
        if status:
            await store(connection, claim.kinopoisk_id, source, full_document(film))
    return status


async def store(connection: AsyncConnection, kinopoisk_id: int, body: str, document: str) -> None:
    """The raw body and its projection, old ones replaced."""
    source = insert(film_source).values(kinopoisk_id=kinopoisk_id, body=body, fetched_at=text("now()"))
    newer = {"body": source.excluded.body, "fetched_at": source.excluded.fetched_at}
    await connection.execute(source.on_conflict_do_update(index_elements=["kinopoisk_id"], set_=newer))
    projection = insert(film_table).values(kinopoisk_id=kinopoisk_id, document=document)
    await connection.execute(
        projection.on_conflict_do_update(
            index_elements=["kinopoisk_id"], set_={"document": projection.excluded.document}
        )
    )


async def not_found(engine: AsyncEngine, policy: Policy, claim: Claim) -> str | None:
    """Upstream has no such film."""
    async with engine.begin() as connection:
        row = await connection.execute(NOT_FOUND, _held(claim, again=policy.ask_again_in()))
        return row.scalar_one_or_none()


async def failed(engine: AsyncEngine, policy: Policy, claim: Claim, code: str) -> str | None:
    """This attempt failed: try later, or give up for now after the last of them."""
    last = claim.attempts >= policy.max_attempts
    delay = policy.give_up_for() if last else policy.retry_in(claim.attempts)
    async with engine.begin() as connection:
        row = await connection.execute(GIVE_UP if last else RETRY, _held(claim, code=code, delay=delay))
        return row.scalar_one_or_none()


async def released(engine: AsyncEngine, claim: Claim, code: str, delay: timedelta) -> str | None:
    """Upstream would not answer now, whatever the film: give the claim and its attempt back."""
    async with engine.begin() as connection:
        row = await connection.execute(RELEASED, _held(claim, code=code, delay=delay))
        return row.scalar_one_or_none()


def _held(claim: Claim, **values: object) -> dict[str, object]:
    return {"kinopoisk_id": claim.kinopoisk_id, "claim_seq": claim.claim_seq, **values}
