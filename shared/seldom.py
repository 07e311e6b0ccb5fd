"""Against floods: what says the same over and over is heard once in a while."""

import time

# Of so many kinds none is dear to remember; beyond that all are heard anew.
MOST_KINDS = 1000


class Seldom:
    """Lets each kind pass once in so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._silent_until: dict[str, float] = {}

    def allows(self, kind: str) -> bool:
        """Whether it is its turn; if so, not again for a while."""
        now = time.monotonic()
        if self._silent_until.get(kind, 0.0) > now:
            return False
        if len(self._silent_until) >= MOST_KINDS:
            self.forget()
        self._silent_until[kind] = now + self._seconds
        return True

    def forget(self) -> None:
        self._silent_until.clear()
