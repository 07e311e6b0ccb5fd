"""What a lookup may hold: the read-only engine, and enrichment for what is not stored."""

from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors
from api.held import held
from shared.enrichment.errors import NotNow
from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.search import Searches

ReadEngine = Annotated[AsyncEngine, held("read_engine")]
OnDemand = Annotated[FilmsOnDemand, held("films")]
UpstreamSearch = Annotated[Searches, held("searches")]

PROBLEMS = {
    "upstream-too-fast": errors.UpstreamBusy,
    errors.UpstreamQuotaExhausted.code: errors.UpstreamQuotaExhausted,
    errors.UpstreamBusy.code: errors.UpstreamBusy,
}


def not_now(reason: NotNow) -> errors.Problem:
    """Why upstream cannot be asked, as a 503: its own 401, 402 and 429 never become ours."""
    return PROBLEMS.get(reason.code, errors.UpstreamUnavailable)(retry_after=reason.retry_after)
