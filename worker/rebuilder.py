"""Heavy rebuilds as processes of their own: started here, watched to their end, killed when the worker stops."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics, sentry

log = structlog.get_logger()

RECOMMENDATIONS = (sys.executable, "-m", "worker.rebuild", "recommendations")
SENTENCE = "rebuild: "
LONGEST_SECONDS = 1800.0
# By exit code; 3 is that of worker.recommender where another one is at it or nothing has changed. Whoever stops all
# processes of the service with a signal stops the rebuild too.
OUTCOMES: dict[int | None, str] = {0: "done", 3: "skipped", -signal.SIGTERM: "stopped", -signal.SIGINT: "stopped"}

# For all workers: a minute, then twice as long each time, a day at the most.
PUT_OFF = text("""
    INSERT INTO recommender_model AS model (version, failures, retry_at) VALUES (0, 1, now() + interval '1 minute')
    ON CONFLICT (id) DO UPDATE SET failures = model.failures + 1,
        retry_at = now() + least(interval '1 minute' * 2 ^ least(model.failures, 11), interval '1 day')
""")


class Rebuilder:
    """Runs one rebuild at a time. Where several workers start one at the same time, the rebuild's own lock decides."""

    def __init__(self, engine: AsyncEngine, command: Sequence[str] = RECOMMENDATIONS, *, enabled: bool = True) -> None:
        self._engine = engine
        self._command = command
        self._enabled = enabled
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_free(self) -> bool:
        """Whether one may be started by this worker."""
        return self._enabled and (self._watching is None or self._watching.done())

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
        except (OSError, TimeoutError) as error:
            code, last_words = None, type(error).__name__
        took = round((time.perf_counter() - started) * 1000, 1)
        outcome = OUTCOMES.get(code, "failed")
        metrics.count(f"recommender.rebuild.{outcome}")
        if outcome == "done":
            metrics.timing("recommender.rebuild.duration", took)
        if outcome != "failed":
            log.info("rebuild_finished", options=options, outcome=outcome, duration_ms=took)
            return
        log.error("rebuild_failed", options=options, exit_code=code, last_words=last_words, duration_ms=took)
        sentry.alarm("rebuild-failed", "A rebuild of the recommendations failed: the worker's log says why.")
        with suppress(DBAPIError, OSError, TimeoutError):  # it may be what failed
            async with self._engine.begin() as connection:
                await connection.execute(PUT_OFF)


async def _run(command: Sequence[str]) -> tuple[int | None, str]:
    """Its exit code and the last sentence that it says on purpose. Cancelled or after too long, it is killed.

    It stays in our process group: whoever kills the group leaves no orphan. Its log goes where ours goes.
    """
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stderr=PIPE)
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # What Python itself prints at the end of a crash is the text of an exception, which may hold anything.
    sentences = [line for line in said.decode(errors="replace").splitlines() if line.startswith(SENTENCE)]
    return process.returncode, "".join(sentences[-1:])
