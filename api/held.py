"""What the composition root opened, handed to endpoints by name."""

from typing import Any

from fastapi import Depends, Request


def held(name: str) -> Any:
    """The dependency on `request.state.<name>`; a coroutine, because FastAPI sends plain functions through a thread."""

    async def get(request: Request) -> Any:
        return getattr(request.state, name)

    return Depends(get)
