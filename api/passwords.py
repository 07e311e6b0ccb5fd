"""Passwords: argon2id in a few threads, never on the event loop; more hashes than can wait are refused."""

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from passlib.hash import argon2

from api.common_passwords import is_common
from api.errors import HashingBusy

Result = TypeVar("Result")

# In characters, counted after normalisation; so it has at most 512 bytes of UTF-8.
SHORTEST, LONGEST = 8, 128


def normalise(password: str) -> str:
    """NFKC, so that one password typed on two keyboards is one password (OWASP ASVS 5, 6.2)."""
    return unicodedata.normalize("NFKC", password)


def objection(password: str, username: str = "") -> str | None:
    """What speaks against this new password, as a sentence's end; None if nothing does.

    Length, common ones and the username are all that counts; which kinds of letters it has does not, and nothing is
    trimmed (OWASP ASVS 5, 6.2.1 to 6.2.11).
    """
    normal = normalise(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} characters"
    if "\x00" in normal:
        return "must not hold NUL"
    if username and normal.casefold() == username.casefold():
        return "must not be the username"
    if is_common(normal, username):
        return "must not be one that is easily guessed"
    return None


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

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than those that are set."""
        return bool(self._argon2.needs_update(stored))

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
