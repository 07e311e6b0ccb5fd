"""Becomes another program that dies with its parent, perhaps as another user. A script: it imports nothing of ours.

`python -I -S tether.py PARENT SIGNAL USER GROUP PROGRAM ARGUMENT…` (USER "-": as we are). Linux tells of the parent's
death (PR_SET_PDEATHSIG, which a change of user clears, hence the order below); on macOS the program outlives it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, signal_number: int) -> None:
    """Ask Linux for a signal at the death of the thread that started us."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The parent is gone already.")


def become_user(user: str, group: str) -> None:
    if user != "-":
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))


def main(arguments: list[str]) -> None:
    parent, signal_number, user, group, *command = arguments
    try:
        become_user(user, group)
        die_with_parent(int(parent), int(signal_number))
        os.execv(command[0], command)  # not execvp: as another user, Python may find no module any more
    except OSError as error:
        sys.exit(f"Cannot start {command[0]}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
