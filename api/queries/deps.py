"""What a query may hold: the engine that PostgreSQL keeps read-only, and nothing else."""

from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncEngine

from api.held import held

ReadEngine = Annotated[AsyncEngine, held("read_engine")]
