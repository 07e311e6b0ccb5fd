"""The worker's sign of life: a file for the health check of its container, an entry in Redis for everybody else.

It is given by the event loop that does the work, so a loop that hangs gives none.
"""

import asyncio
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import structlog

from shared.live_workers import LiveWorkers
from shared.redis_client import RedisAway

log = structlog.get_logger()

BEAT_SECONDS = 5.0


class Heartbeat:
    """Of one process. `worker_id` is its own, even where several run on one host, or each as process 1."""

    def __init__(self, workers: LiveWorkers, file: Path | None = None) -> None:
        self.worker_id = f"{socket.gethostname()}:{secrets.token_hex(4)}"
        self._workers = workers
        self._file = file
        self._leaving = False

    async def run(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                self._touch()
                if not self._leaving:
                    with suppress(RedisAway):
                        await self._workers.beat(self.worker_id)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            self._remove()

    async def leave(self) -> None:
        """No more work is taken: nobody counts on this worker from now on, but it lives until it is done."""
        self._leaving = True
        with suppress(RedisAway):
            await self._workers.leave(self.worker_id)

    def _touch(self) -> None:
        if self._file:
            try:
                self._file.touch()
            except OSError as error:  # a full disk is no reason to stop working
                log.warning("heartbeat_file_not_written", error=type(error).__name__)

    def _remove(self) -> None:
        if self._file:
            with suppress(OSError):
                self._file.unlink()
