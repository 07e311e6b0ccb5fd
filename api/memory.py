"""Memory of the process, given back where the C library would keep it."""

import ctypes
from contextlib import suppress

# Of mallopt(3): blocks of at least so many bytes are mapped, each for itself, and go back when they are freed.
M_MMAP_THRESHOLD, LARGE_BYTES = -3, 2**20


def give_back_large_blocks() -> None:
    """Call it before any thread hashes a password: each hash takes 19 MB.

    glibc raises the threshold by itself to the size of what was freed, and so would keep as much for each thread.
    Other C libraries have no such call, and need none.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
