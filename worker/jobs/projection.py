"""The read table, healed: whatever is missing in it, or an older release's, is projected anew from what is stored."""

from shared.enrichment.rebuild import project_missing
from worker.context import Context


async def reconcile_films(ctx: Context) -> int:
    """Project films that have a source and no projection of today; answers how many. Safe to run twice."""
    projected = await project_missing(ctx["engine"])
    ctx["drain"].ring()
    return projected
