"""The read table, healed: whatever is missing in it is projected anew from what is stored."""

from shared.enrichment.projection import project_missing
from worker.context import Context


async def reconcile_films(ctx: Context) -> int:
    """Project films that have a source and no projection; answers how many. Safe to run twice."""
    projected = await project_missing(ctx["engine"])
    ctx["drain"].ring()
    return projected
