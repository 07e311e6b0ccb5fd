"""Children of the launcher: in sessions of their own, tied to our life, stopped together and with patience."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from dev.accounts import Account
from dev.interrupts import Interrupts
from dev.problems import CannotStart

TETHER = Path(__file__).with_name("tether.py")
LAST_LINES = 6
LAST_BYTES = 4096
HARSH_SECONDS = 6.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Program:
    """What to run: the name people call it by, where its output goes (None: the terminal), how it is stopped."""

    name: str
    command: Sequence[str | Path]
    log: Path | None = None
    env: Mapping[str, str] | None = None
    account: Account | None = None
    stdin: str = ""
    gentle: signal.Signals = signal.SIGTERM
    harsh: signal.Signals = signal.SIGKILL
    orphaned: signal.Signals = signal.SIGKILL  # what it gets if we are killed

    def tethered(self) -> list[str | Path]:
        user, group = (str(self.account.uid), str(self.account.gid)) if self.account else ("-", "-")
        us, orphaned = str(os.getpid()), str(int(self.orphaned))
        program, *arguments = self.command
        found = shutil.which(program) or program
        return [sys.executable, "-I", "-S", TETHER, us, orphaned, user, group, found, *arguments]


@dataclass(frozen=True)
class Child:
    """A program that was started."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def signal_all(self, number: signal.Signals) -> None:
        """Signal the whole process group: also what the child left behind."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def last_words(self) -> str:
        """The end of its output, if we hold it."""
        if self.program.log is None:
            return ""
        text = self.program.log.read_bytes()[-LAST_BYTES:].decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.startswith("  ")]  # no steps of a traceback
        return "\n".join(["", *lines[-LAST_LINES:]])

    def obituary(self) -> str:
        code = self.process.returncode
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        return f"{self.name} ended ({how}).{self.last_words()}"


def start_child(program: Program) -> Child:
    """Start a program. A session of its own keeps Ctrl-C from it: we alone decide who stops when.

    Call it from a thread that lives on: Linux ties the child to the thread, not to the process.
    """
    with ExitStack() as files:
        output = None
        if program.log:
            output = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            files.callback(os.close, output)
        process = subprocess.Popen(
            program.tethered(),
            stdin=subprocess.PIPE if program.stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=program.env,
            cwd="/" if program.account else None,
            start_new_session=True,
        )
    if process.stdin:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(program.stdin.encode())
    return Child(program, process)


def wait_until(condition: Callable[[], bool], child: Child, interrupts: Interrupts, seconds: float = 60) -> None:
    """Wait for a condition that a child brings about; raises CannotStart if it dies or takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if not child.running:
            raise CannotStart(child.obituary())
        if time.monotonic() > deadline:
            raise CannotStart(f"{child.name} was not ready after {seconds:.0f} seconds.{child.last_words()}")
        interrupts.pause(POLL_SECONDS)


def run_to_end(child: Child, interrupts: Interrupts) -> None:
    """Let a child finish; raises CannotStart with its last words unless it succeeds."""
    try:
        while child.running:
            interrupts.pause(POLL_SECONDS)
    finally:
        stop_children([child], interrupts, patience_seconds=2)
    if child.process.returncode:
        raise CannotStart(child.obituary())


def stop_children(children: Iterable[Child], interrupts: Interrupts, *, patience_seconds: float) -> None:
    """Ask all of them to stop, wait for them together, then make sure; a second Ctrl-C cuts the waiting short."""
    family = list(children)
    waiting = [child for child in family if child.running]
    for child in waiting:
        child.process.send_signal(child.program.gentle)
    _wait(waiting, patience_seconds, lambda: interrupts.hurry, interrupts)
    stubborn = [child for child in waiting if child.running]
    for child in stubborn:
        child.signal_all(child.program.harsh)
    _wait(stubborn, HARSH_SECONDS, lambda: False, interrupts)
    for child in family:
        child.signal_all(signal.SIGKILL)  # the rest of its group: what it started and did not wait for
        child.process.wait()


def _wait(children: list[Child], seconds: float, enough: Callable[[], bool], interrupts: Interrupts) -> None:
    deadline = time.monotonic() + seconds
    while any(child.running for child in children) and time.monotonic() < deadline and not enough():
        interrupts.rest(POLL_SECONDS)
