"""What a query may hold: the engine that PostgreSQL keeps read-only, and what composition hands in of Redis.

Queries know no Redis themselves; both parts answer at once and fail silently where it is away.
"""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from api.held import held
from shared.flights import Flights


class Answers(Protocol):
    """Answers made before (shared.answer_cache)."""

    async def get(self, key: str) -> bytes | None: ...
    async def put(self, key: str, answer: bytes) -> None: ...


class Impressions(Protocol):
    """Takes note of what was shown (shared.impressions): the strategy of a list, its films with theirs, best first."""

    def shown(self, user_id: uuid.UUID | None, strategy: str, films: Sequence[tuple[int, str]]) -> None: ...


ReadEngine = Annotated[AsyncEngine, held("read_engine")]
AnswerCache = Annotated[Answers, held("answer_cache")]
ShownFilms = Annotated[Impressions, held("impressions")]
RecommendationFlights = Annotated[Flights[Any], held("recommendation_flights")]
