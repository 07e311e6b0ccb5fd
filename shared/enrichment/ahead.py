"""What is due next, from a look that serves many calls: a look goes through whole tables, and a call needs one row."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

# So much a look finds at the most, and so often its answer is used before the next.
AT_ONCE = 20

Due = TypeVar("Due")


class Ahead(Generic[Due]):
    """Of one process: another may have taken meanwhile what is remembered here, which whoever leases it will see.

    `is_old` says whether the latest answer was a remembered one.
    """

    def __init__(self, look: Callable[[], Awaitable[Sequence[Due]]]) -> None:
        self._look = look
        self._found: deque[Due] = deque()
        self._uses_left = 0
        self.is_old = False

    async def next(self) -> Due | None:
        """The first that is due, once each; None where there is none, or the latest look found no more."""
        self.is_old = self._uses_left > 0
        if not self.is_old:
            self._found = deque(await self._look())
            self._uses_left = AT_ONCE
        self._uses_left -= 1
        return self._found.popleft() if self._found else None

    def forget(self) -> None:
        """Look anew the next time."""
        self._uses_left = 0
        self.is_old = False
