"""`make run`: the whole service on this machine, from nothing but Python. `python -m dev.run [--tied]`."""

import ctypes
import importlib
import signal
import sys

from dev.interrupts import Interrupts, Stopped
from dev.problems import CannotStart
from dev.speech import complain, say

TIED = "--tied"  # stop when our parent dies: a make that was killed with -9 leaves nothing behind
PR_SET_PDEATHSIG = 1


def tie_to_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def run(interrupts: Interrupts) -> int:
    """The exit code: 0 when somebody asked to stop, 1 with one sentence when something is wrong."""
    launcher = importlib.import_module("dev.launcher")  # takes a moment, during which Ctrl-C must be ours already
    code = 1
    try:
        code = launcher.launch(interrupts)
    except Stopped:
        code = 0
    except (CannotStart, OSError) as problem:
        complain(str(problem))
    if code == 0:
        say("Stopped.")
    return code


def main(arguments: list[str]) -> int:
    if TIED in arguments:
        tie_to_parent()
    with Interrupts().installed() as interrupts:
        return run(interrupts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
