"""One film, from claim to finish. Network first, while no transaction is open; then one short transaction."""

import time
from datetime import timedelta
from typing import NamedTuple

import structlog

from shared import metrics, sentry
from shared.enrichment import finish
from shared.enrichment.claims import Claim
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.errors import FilmUnknown, KinopoiskFault, KinopoiskRefusal, NoConnection
from shared.upstream import calls
from shared.upstream.ledger import Call

log = structlog.get_logger()

BUSY_PAUSE = timedelta(seconds=1)
STORED = "stored"
ABANDONED = "abandoned"


class Attempt(NamedTuple):
    """What came of the call, the status of the film now (None: the lease was lost), how long it had been waited for."""

    outcome: str
    status: str | None
    waited_seconds: float | None = None


async def enrich(upstream: Upstream, call: Call, claim: Claim) -> str:
    """Fetch the claimed film, store and project it, finish the claim. Safe to run twice.

    Answers what came of the call: STORED, or why there are no details.
    """
    if claim.lost_leases:
        log.warning("film_suspected", kinopoisk_id=claim.kinopoisk_id, lost_leases=claim.lost_leases)
        metrics.count("enrichment.suspects")
    started = time.perf_counter()
    outcome, status, waited_seconds = await _attempt(upstream, call, claim)
    seconds = time.perf_counter() - started
    metrics.count(f"enrichment.films.{outcome}")
    if waited_seconds is not None:
        metrics.timing("enrichment.ready.duration", waited_seconds * 1000)
    log.info(
        "film_enriched",
        kinopoisk_id=claim.kinopoisk_id,
        outcome=outcome,
        status=status or "lease_lost",
        attempt=claim.attempts,
        duration_ms=round(seconds * 1000, 1),
    )
    return outcome


async def _attempt(upstream: Upstream, call: Call, claim: Claim) -> Attempt:
    engine, policy, terms = upstream.engine, upstream.policy, upstream.terms
    if max(claim.lost_leases, claim.attempts - 1) >= policy.max_attempts:
        return await _abandoned(upstream, call, claim)
    try:
        body = await upstream.kinopoisk.film(claim.kinopoisk_id)
    except FilmUnknown as error:
        await calls.end(engine, terms, call, calls.ANSWERED)
        return Attempt(error.code, await finish.not_found(engine, policy, claim))
    except KinopoiskRefusal as refusal:
        await calls.end(engine, terms, call, refusal.code)
        return Attempt(refusal.code, await finish.released(engine, claim, refusal.code, timedelta()))
    except NoConnection as error:
        await calls.never_made(engine, call)
        return Attempt(error.code, await finish.released(engine, claim, error.code, BUSY_PAUSE))
    except KinopoiskFault as error:
        await calls.end(engine, terms, call, calls.FAULT)
        return Attempt(error.code, await finish.failed(engine, policy, claim, error.code))
    await calls.end(engine, terms, call, calls.ANSWERED)
    return Attempt(STORED, *await finish.ready(engine, policy, claim, body))


async def _abandoned(upstream: Upstream, call: Call, claim: Claim) -> Attempt:
    """Its holders died one after the other: no call, and rest."""
    await calls.never_made(upstream.engine, call)
    status = await finish.given_up(upstream.engine, upstream.policy, claim, ABANDONED)
    log.error("film_abandoned", kinopoisk_id=claim.kinopoisk_id, lost_leases=claim.lost_leases)
    sentry.alarm(
        "film-abandoned",
        "Processes ended again and again while they fetched a film: it is left alone",
        kinopoisk_id=claim.kinopoisk_id,
    )
    return Attempt(ABANDONED, status)
