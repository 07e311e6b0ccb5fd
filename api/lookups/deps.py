"""What a lookup may hold: the read-only engine, and enrichment for what is not stored."""

from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors
from api.held import held
from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.search import Searches
from shared.enrichment.views import Views
from shared.upstream.errors import NotNow

ReadEngine = Annotated[AsyncEngine, held("read_engine")]
OnDemand = Annotated[FilmsOnDemand, held("films")]
UpstreamSearch = Annotated[Searches, held("searches")]
FilmViews = Annotated[Views, held("views")]
# How long who has something stored waits for something better, in seconds.
FallbackWait = Annotated[float, held("fallback_wait")]

PROBLEMS = {
    "upstream-too-fast": errors.UpstreamBusy,
    errors.UpstreamQuotaExhausted.code: errors.UpstreamQuotaExhausted,
    errors.UpstreamBusy.code: errors.UpstreamBusy,
    errors.UpstreamShareUsed.code: errors.UpstreamShareUsed,
}


def not_now(reason: NotNow) -> errors.Problem:
    """Why upstream cannot be asked, as a problem of ours: its own 401, 402 and 429 never leave."""
    return PROBLEMS.get(reason.code, errors.UpstreamUnavailable)(retry_after=reason.retry_after)
