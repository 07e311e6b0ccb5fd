"""Heavy rebuilds as processes of their own: started here, watched to their end, killed when the worker stops."""

import asyncio
import math
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

import structlog

from shared import sentry
from shared.metrics import Metrics

log = structlog.get_logger()

RECOMMENDATIONS = (sys.executable, "-m", "worker.rebuild", "recommendations")
# What failed once will most likely fail again at once.
PAUSE_SECONDS = 1800.0


class Rebuilder:
    """Runs one rebuild at a time. Where several workers start one at the same time, the rebuild's own lock decides."""

    def __init__(self, metrics: Metrics, command: Sequence[str] = RECOMMENDATIONS, *, enabled: bool = True) -> None:
        self._metrics = metrics
        self._command = command
        self._enabled = enabled
        self._watching: asyncio.Task[None] | None = None
        self._failed_at = -math.inf

    @property
    def is_free(self) -> bool:
        """Whether one may be started: none is running, and none has failed a moment ago."""
        is_running = self._watching is not None and not self._watching.done()
        return self._enabled and not is_running and time.monotonic() - self._failed_at > PAUSE_SECONDS

    def start(self, *options: str) -> bool:
        """Start one and return at once; False if this is not the time for it."""
        if not self.is_free:
            return False
        self._watching = asyncio.create_task(self._watch(options))
        return True

    async def stop(self) -> None:
        """Kill the one that is running: it has changed nothing that anybody sees, and the next one begins anew."""
        if self._watching:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def _watch(self, options: Sequence[str]) -> None:
        log.info("rebuild_started", options=options)
        started = time.perf_counter()
        try:
            code, last_words = await _run([*self._command, *options])
        except OSError as error:
            code, last_words = None, type(error).__name__
        took = (time.perf_counter() - started) * 1000
        self._metrics.timing("recommender.rebuild.duration", took)
        if code == 0:
            self._metrics.count("recommender.rebuild.done")
            log.info("rebuild_finished", options=options, duration_ms=round(took, 1))
            return
        self._failed_at = time.monotonic()
        self._metrics.count("recommender.rebuild.failed")
        log.error("rebuild_failed", options=options, exit_code=code, last_words=last_words, duration_ms=round(took, 1))
        sentry.alarm("rebuild-failed", "A rebuild of the recommendations failed: the worker's log says why.")


async def _run(command: Sequence[str]) -> tuple[int | None, str]:
    """Its exit code and the last line of what it complained of. Cancelled, it is killed.

    It stays in our process group: whoever kills the group leaves no orphan. Its log goes where ours goes.
    """
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stderr=PIPE)
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, "".join(said.decode(errors="replace").splitlines()[-1:])
