"""The data folder of a launcher: where it is, and that only one launcher uses it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.problems import CannotStart


def data_folder() -> Path:
    """KINOSHELF_DATA, made if there is none."""
    folder = Path(os.environ.get("KINOSHELF_DATA") or ".data").absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"Cannot use {folder} as the data folder ({error.strerror}): set KINOSHELF_DATA.") from None
    return folder


@contextmanager
def only_user_of(folder: Path) -> Iterator[None]:
    """Hold the folder; the lock goes with our process, however that ends."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {folder} ({error.strerror}): set KINOSHELF_DATA to another folder."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode().strip() or "?"
            raise CannotStart(
                f"Kinoshelf already runs with {folder} (process {owner}): stop it, "
                "or start this copy with KINOSHELF_DATA and KINOSHELF__API__PORT of its own."
            ) from None
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(lock)
