"""PostgreSQL refuses to run as root: which user it runs as then, where that user can go, and a place that it can."""

import os
import pwd
import secrets
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.problems import CannotStart

UNPRIVILEGED = ("nobody", "postgres", "daemon")
OPEN_ROOM = Path("/var/lib/kinoshelf")  # root's own: no other user can be there first, unlike below /var/tmp
PASSABLE = 0o011


@dataclass(frozen=True)
class Account:
    """A user to run a program as."""

    name: str
    uid: int
    gid: int


def database_account(cluster: Path) -> Account | None:
    """The user of the database: ourselves (None), or, as root, the owner of the files, or an unprivileged user."""
    if os.geteuid() != 0:
        return None
    owner = cluster.stat().st_uid if cluster.exists() else 0
    if owner:
        return Account(_name(owner), owner, cluster.stat().st_gid)
    for name in UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root and there is no user nobody; run this as another user.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def can_pass(account: Account | None, path: Path) -> bool:
    """Whether the user may run this program or enter this folder; only the kernel knows for sure."""
    if account is None:
        return os.access(path, os.X_OK)
    try:
        asked = subprocess.run(
            ["test", "-x", path], cwd="/", user=account.uid, group=account.gid, extra_groups=[], check=False
        )
    except PermissionError:
        raise CannotStart(
            "PostgreSQL refuses to run as root and this root may not change users (a container without capabilities?); "
            "run this as another user."
        ) from None
    return asked.returncode == 0


def open_room() -> Path:
    """A folder that every user can pass and only root can write."""
    try:
        OPEN_ROOM.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = OPEN_ROOM.lstat()
    except OSError as error:
        raise CannotStart(f"Cannot make {OPEN_ROOM} ({error.strerror}); choose another KINOSHELF_DATA.") from None
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
    if not safe:
        raise CannotStart(f"{OPEN_ROOM} must be a folder that belongs to root and that nobody else can write.")
    OPEN_ROOM.chmod(found.st_mode | 0o755)
    return OPEN_ROOM


def home_for(account: Account | None, data: Path) -> Path:
    """Where the user's files can be: in `data`, loosened so that others can pass but not look, or in the open room."""
    if account is None or can_pass(account, data):
        return data
    if can_pass(account, data.parent):
        data.chmod(stat.S_IMODE(data.stat().st_mode) | PASSABLE)
        return data
    home = open_room() / f"data-{secrets.token_hex(8)}"
    home.mkdir(mode=0o711)
    home.chmod(0o711)
    return home
