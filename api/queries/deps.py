"""What a query may hold: the engine that PostgreSQL keeps read-only, and nothing else."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine


async def _read_engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.state.read_engine
    return engine


ReadEngine = Annotated[AsyncEngine, Depends(_read_engine)]
