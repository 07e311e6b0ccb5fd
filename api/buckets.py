"""Token buckets in this process, for many keys in bounded memory."""

import time
from collections.abc import Callable, Hashable


class Buckets:
    """A bucket of `burst` tokens for each key, refilled at `rate` tokens a second.

    One number a key: when its bucket will be full again (the generic cell rate algorithm, ITU-T I.371). At most `most`
    keys are remembered; beyond that the one that was used longest ago is forgotten, and has a full bucket again.
    """

    def __init__(
        self, rate: float, burst: int, most: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / rate
        self._slack = (burst - 1) / rate
        self._most = most
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}

    def take(self, key: Hashable) -> float:
        """Takes a token and gives 0; or takes none and gives the seconds until there is one."""
        now = self._clock()
        full_at = max(self._full_at.pop(key, now), now)  # put back at the end: a dict keeps the order
        wait = full_at - now - self._slack
        self._full_at[key] = full_at if wait > 0 else full_at + self._interval
        if len(self._full_at) > self._most:
            del self._full_at[next(iter(self._full_at))]
        return max(wait, 0)

    def give_back(self, key: Hashable, share: float = 1) -> None:
        """This much of a token that was taken, and turned out not to be needed."""
        if key in self._full_at:
            self._full_at[key] -= share * self._interval

    def fill(self, key: Hashable) -> None:
        """As if nothing had been taken."""
        self._full_at.pop(key, None)
