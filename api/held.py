"""What the composition root opened, handed to endpoints by name."""

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request


@dataclass(frozen=True)
class Held:
    """`request.state.<name>`. A coroutine, because FastAPI sends plain functions through a thread."""

    name: str

    async def __call__(self, request: Request) -> Any:
        return getattr(request.state, self.name)


def held(name: str) -> Any:
    """The dependency on it."""
    return Depends(Held(name))
