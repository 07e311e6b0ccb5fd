"""Runs the tools of requirements/audit.txt, which are in the environment that we run in."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class ToolFailed(Exception):
    """A tool ended in another way than it should; the text is its last line."""


def run(module: str, *arguments: str, ends: tuple[int, ...] = (0,)) -> str:
    """What the tool prints. Raises ToolFailed if it ends otherwise, or with an error and nothing else."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in ends or (done.returncode and not done.stdout):
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        raise ToolFailed(f"{module} ended with {done.returncode}: {said[-1]}")
    return done.stdout
