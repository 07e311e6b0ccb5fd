"""What a job finds in its context. Types only."""

from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.upstream import Upstream
from worker.catalogue import Catalogue
from worker.drain import Drain


class Context(TypedDict):
    engine: AsyncEngine
    # For statements over whole tables, which may take longer than what a client waits for.
    patient_engine: AsyncEngine
    upstream: Upstream
    drain: Drain
    catalogue: Catalogue
