"""What the launcher says; a terminal that is gone does not disturb it."""

import os
import sys
from contextlib import suppress


def say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:  # the terminal was closed, or the program that read us has ended
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def complain(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
