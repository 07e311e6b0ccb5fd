"""What a key may still call: its quota in a window of time, and its rates in a sliding second."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from time import monotonic

from dev.sandbox.answers import Answer, error, quota_exceeded
from dev.sandbox.options import Options

OVERALL = ""


@dataclass(slots=True)
class KeyUse:
    """The calls of one key. Refused calls count in the quota, as upstream, but not in the rates."""

    total: int = 0
    used: int = 0
    window_began_at: float = float("-inf")
    granted: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def used_at(self, now: float, window_seconds: float) -> int:
        return self.used if now - self.window_began_at < window_seconds else 0

    def count(self, now: float, window_seconds: float) -> None:
        """A window begins with the first call after the one before has ended."""
        self.total += 1
        self.used = self.used_at(now, window_seconds) + 1
        if self.used == 1:
            self.window_began_at = now

    def is_full(self, bucket: str, rate: int, now: float) -> bool:
        calls = self.granted[bucket]
        while calls and now - calls[0] >= 1:
            calls.popleft()
        return 0 < rate <= len(calls)


class Limits:
    def __init__(self) -> None:
        self._uses: defaultdict[str, KeyUse] = defaultdict(KeyUse)

    def total(self, key: str) -> int:
        return self._uses[key].total

    def used(self, key: str, options: Options) -> int:
        return self._uses[key].used_at(monotonic(), options.window_seconds)

    def refusal(self, key: str, bucket: str, rate: int, options: Options, *, counted: bool) -> Answer | None:
        """Count a call; how it is refused, if it is. A bucket has a rate of its own, beside the overall one."""
        if key not in options.keys:
            return error(401)
        use, now = self._uses[key], monotonic()
        if counted:
            use.count(now, options.window_seconds)
            if 0 <= options.quota < use.used:
                return error(402, quota_exceeded(use.used, options.quota))
        buckets = {OVERALL: options.rate, bucket: rate or options.rate}
        if any(use.is_full(name, limit, now) for name, limit in buckets.items()):
            return error(429)
        for name in buckets:
            use.granted[name].append(now)
        return None

    def reset(self) -> None:
        self._uses.clear()
