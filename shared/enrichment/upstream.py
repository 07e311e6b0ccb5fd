"""All that it takes to ask Kinopoisk and to keep what it says."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.policy import Policy
from shared.kinopoisk.client import KinopoiskClient
from shared.upstream.access import Access
from shared.upstream.limiter import Limiter
from shared.upstream.terms import Terms


@dataclass(frozen=True)
class Upstream:
    """Built once a process, by shared.wiring."""

    engine: AsyncEngine
    kinopoisk: KinopoiskClient
    limiter: Limiter
    terms: Terms
    policy: Policy

    @property
    def access(self) -> Access:
        return Access(self.engine, self.limiter, self.terms)
