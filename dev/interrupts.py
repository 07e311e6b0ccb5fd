"""Signals that ask to stop. The handler only takes a note; the code acts on it where it waits: nothing is half done."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ECHO_SECONDS = 0.5  # one wish may come twice: to the process group, and once more handed down by make


class Stopped(Exception):
    """Somebody asked us to stop."""


class Interrupts:
    """Whether somebody asked to stop (`stopping`) and, by asking again, to be quick about it (`hurry`)."""

    def __init__(self) -> None:
        self.stopping = False
        self.hurry = False
        self._asked_at = 0.0
        self._bell: int | None = None

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        now = time.monotonic()
        if not self.stopping:
            self.stopping, self._asked_at = True, now
        elif now - self._asked_at > ECHO_SECONDS:
            self.hurry = True

    def rest(self, seconds: float) -> None:
        """Sleep, but wake up early on a signal or the death of a child."""
        if self._bell is None:
            time.sleep(seconds)
        elif select.select([self._bell], [], [], seconds)[0]:
            os.read(self._bell, 4096)

    def pause(self, seconds: float) -> None:
        """Sleep while nobody asks to stop; raises Stopped otherwise."""
        if not self.stopping:
            self.rest(seconds)
        if self.stopping:
            raise Stopped

    @contextmanager
    def installed(self) -> Iterator["Interrupts"]:
        """Listen to the signals; main thread only. Afterwards they are ignored: a late one must not spoil the exit."""
        self._bell, ring = os.pipe()
        os.set_blocking(ring, False)
        for number in ASKING:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup wants us to stay
                signal.signal(number, self.ask)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        try:
            yield self
        finally:
            for number in ASKING:
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            os.close(self._bell)
            os.close(ring)
            self._bell = None
