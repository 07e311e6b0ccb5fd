"""What a job finds in its context. Types only."""

from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.upstream import Upstream
from worker.catalogue import Catalogue
from worker.drain import Drain


class Context(TypedDict):
    engine: AsyncEngine
    upstream: Upstream
    drain: Drain
    catalogue: Catalogue
