"""Passwords: argon2id in a few threads, never on the event loop; more hashes than can wait are refused."""

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from passlib.hash import argon2

from api.errors import HashingBusy

Result = TypeVar("Result")

# In characters, counted after normalisation; 512 bytes at most.
LONGEST = 128


def normalise(password: str) -> str:
    """NFKC, so that one password typed on two keyboards is one password (OWASP ASVS 5, 6.2)."""
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Hashes and verifies. Raises HashingBusy when too many wait."""

    def __init__(self, *, memory_kib: int, rounds: int, most_waiting: int) -> None:
        self._argon2 = argon2.using(type="ID", memory_cost=memory_kib, rounds=rounds, parallelism=1)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="argon2")
        self._most = most_waiting + (os.cpu_count() or 1)
        self._under_way = 0
        # Verified for unknown users, so that they take the time that known ones take.
        self._nobody: str = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """An argon2id hash of the normalised password."""
        return await self._in_thread(lambda: str(self._argon2.hash(normalise(password))))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password fits; `stored` is None for an unknown user and takes as long."""
        normal, against = normalise(password), stored or self._nobody
        if len(normal) > LONGEST:  # no account has it; NFKC can make eighteen letters of one
            normal, against = "", self._nobody
        fits = await self._in_thread(lambda: bool(self._argon2.verify(normal, against)))
        return fits and stored is not None

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._under_way >= self._most:
            raise HashingBusy(retry_after=1)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
