"""Fetching what is due: rung for by the API after a commit, and swept for every few seconds."""

from worker.context import Context


async def wake(ctx: Context) -> None:
    """Somebody wants a film."""
    ctx["drain"].ring()


async def sweep(ctx: Context) -> None:
    """Find what no wake-up told of: lost messages, ended leases, retries and refreshes that fell due."""
    ctx["drain"].ring()
