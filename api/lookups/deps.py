"""What a lookup may hold: enrichment for what is not stored, and who takes note of what was looked at."""

from typing import Annotated

from api import errors
from api.held import held
from shared.enrichment.search import Searches
from shared.enrichment.views import Views
from shared.upstream.errors import NotNow

UpstreamSearch = Annotated[Searches, held("searches")]
FilmViews = Annotated[Views, held("views")]

PROBLEMS = {
    "upstream-too-fast": errors.UpstreamBusy,
    errors.UpstreamQuotaExhausted.code: errors.UpstreamQuotaExhausted,
    errors.UpstreamBusy.code: errors.UpstreamBusy,
    errors.UpstreamShareUsed.code: errors.UpstreamShareUsed,
}


def not_now(reason: NotNow) -> errors.Problem:
    """Why upstream cannot be asked, as a problem of ours: its own 401, 402 and 429 never leave."""
    return PROBLEMS.get(reason.code, errors.UpstreamUnavailable)(retry_after=reason.retry_after)
