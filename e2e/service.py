"""The service as `make run` starts it: the launcher with servers, a sandbox and data of its own, on a free port."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.interrupts import Interrupts
from dev.processes import Program, start_child, stop_children, wait_until
from dev.testing import temporary_data

READY = re.compile(r"^Ready: (http://\S+)/docs$", re.MULTILINE)
SANDBOX = re.compile(r"^Sandbox of Kinopoisk on (http://\S+)$", re.MULTILINE)
STOP_SECONDS = 45


@dataclass(frozen=True)
class RunningService:
    """Where it listens, and what it says."""

    url: str
    sandbox_url: str
    data: Path
    log: Path


@contextmanager
def running_service(**settings: str) -> Iterator[RunningService]:
    """With these settings, named as variables without their prefix: STATSD__HOST="127.0.0.1"."""
    interrupts = Interrupts()
    with temporary_data() as data, ExitStack() as stack:
        log = data / "launcher.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KINOSHELF")}
        environment |= {f"KINOSHELF__{name}": value for name, value in settings.items()}
        environment |= {"KINOSHELF_DATA": str(data), "KINOSHELF_SETTINGS": os.devnull, "KINOSHELF__API__PORT": "0"}
        launcher = start_child(Program("The launcher", [sys.executable, "-m", "dev.run"], log=log, env=environment))
        stack.callback(lambda: stop_children([launcher], interrupts, patience_seconds=STOP_SECONDS))
        wait_until(lambda: READY.search(log.read_text()) is not None, launcher, interrupts, seconds=120)
        said = log.read_text()
        ready, sandbox = READY.search(said), SANDBOX.search(said)
        assert ready
        assert sandbox
        yield RunningService(ready[1], sandbox[1], data, log)
