"""Telling how much the service is used, once a minute."""

from worker.context import Context


async def report_business(ctx: Context) -> None:
    """Users, favourites, films and the films that most people have; of all workers one tells."""
    await ctx["business"].count(ctx["patient_engine"])
    ctx["business"].tell()
