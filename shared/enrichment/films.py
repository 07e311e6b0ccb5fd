"""One film, from claim to finish. Network first, while no transaction is open; then one short transaction."""

import time
from datetime import timedelta

import structlog

from shared import metrics
from shared.enrichment import finish
from shared.enrichment.claims import Claim
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import FilmUnknown, KinopoiskFault, KinopoiskRefusal, NoConnection
from shared.upstream import calls
from shared.upstream.ledger import Call

log = structlog.get_logger()

BUSY_PAUSE = timedelta(seconds=1)
STORED = "stored"


async def enrich(upstream: Upstream, call: Call, claim: Claim) -> str:
    """Fetch the claimed film, store and project it, finish the claim. Safe to run twice.

    Answers what came of the call: STORED, or why there are no details.
    """
    started = time.perf_counter()
    outcome, status = await _attempt(upstream, call, claim)
    seconds = time.perf_counter() - started
    metrics.count(f"enrichment.films.{outcome}")
    log.info(
        "film_enriched",
        kinopoisk_id=claim.kinopoisk_id,
        outcome=outcome,
        status=status or "lease_lost",
        attempt=claim.attempts,
        duration_ms=round(seconds * 1000, 1),
    )
    return outcome


async def _attempt(upstream: Upstream, call: Call, claim: Claim) -> tuple[str, str | None]:
    """What came of the call, and the status of the film now (None: the lease was lost)."""
    engine, policy, terms = upstream.engine, upstream.policy, upstream.terms
    if claim.attempts > policy.max_attempts:  # its holders died one after the other: let it rest
        await calls.never_made(engine, call)
        return "abandoned", await finish.failed(engine, policy, claim, "abandoned")
    try:
        body = await upstream.kinopoisk.film(claim.kinopoisk_id)
    except FilmUnknown as error:
        await calls.end(engine, terms, call, calls.ANSWERED)
        return error.code, await finish.not_found(engine, policy, claim)
    except KinopoiskRefusal as refusal:
        await calls.end(engine, terms, call, refusal.code)
        return refusal.code, await finish.released(engine, claim, refusal.code, timedelta())
    except NoConnection as error:
        await calls.never_made(engine, call)
        return error.code, await finish.released(engine, claim, error.code, BUSY_PAUSE)
    except KinopoiskFault as error:
        await calls.end(engine, terms, call, calls.FAULT)
        return error.code, await finish.failed(engine, policy, claim, error.code)
    await calls.end(engine, terms, call, calls.ANSWERED)
    return STORED, await finish.ready(engine, policy, claim, body)
