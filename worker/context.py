"""What a job finds in its context. Types only."""

from typing import NotRequired, TypedDict

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.upstream import Upstream
from worker.business import Business
from worker.catalogue import Catalogue
from worker.drain import Drain
from worker.heartbeat import Heartbeat
from worker.rebuilder import Rebuilder


class Context(TypedDict):
    engine: AsyncEngine
    # For statements over whole tables, which may take longer than what a client waits for.
    patient_engine: AsyncEngine
    upstream: Upstream
    drain: Drain
    catalogue: Catalogue
    rebuilder: Rebuilder
    heartbeat: Heartbeat
    business: Business
    # The hour (UTC) after which recommendations are rebuilt every night.
    rebuild_hour: int
    # arq's own: how often it has begun this job, from 1.
    job_try: NotRequired[int]
