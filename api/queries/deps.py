"""What a query may hold: the engine that PostgreSQL keeps read-only, and what composition hands in of Redis.

Queries know no Redis themselves; both parts answer at once and fail silently where it is away.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from api.held import held
from shared.flights import Flights


class Answers(Protocol):
    """Answers made before (shared.answer_cache)."""

    async def get(self, key: str) -> bytes | None: ...
    async def put(self, key: str, answer: bytes) -> None: ...


class Impression(Protocol):
    """When a film was shown (seconds since 1970), by which strategy, at which place of its list."""

    @property
    def at(self) -> int: ...
    @property
    def strategy(self) -> str: ...
    @property
    def rank(self) -> int: ...


class Impressions(Protocol):
    """Takes note of what was shown (shared.impressions): the strategy of a list, its films with theirs, best first.

    And tells what it remembers of a user, None where Redis is away.
    """

    def shown(self, user_id: uuid.UUID | None, strategy: str, films: Sequence[tuple[int, str]]) -> None: ...
    async def shown_to(self, user_id: uuid.UUID) -> Mapping[int, Impression] | None: ...


ReadEngine = Annotated[AsyncEngine, held("read_engine")]
AnswerCache = Annotated[Answers, held("answer_cache")]
ShownFilms = Annotated[Impressions, held("impressions")]
RecommendationFlights = Annotated[Flights[Any], held("recommendation_flights")]
