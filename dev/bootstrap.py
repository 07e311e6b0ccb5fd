"""Makes `.venv` from requirements/dev.txt and runs the given arguments in it. Standard library only.

`--e2e NAME` first: makes `.e2e/NAME` from requirements/e2e-NAME.txt instead, for servers that tests run against.
`--audit` first: makes `.audit/venv` from requirements/audit.txt instead, for the tools of `make audit`.
Packages that are published only as source stand in a lock of their own beside the other, `…-source.txt`.
"""

# An older Python gets as far as the sentence that says so; hence no newer syntax here.

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "dev.txt"
VENV = ROOT / ".venv"
E2E = ROOT / ".e2e"
AUDIT = ROOT / ".audit" / "venv"
NEWEST = {"graphite": (3, 11)}  # carbon 1.1.10 cannot be built by a newer one
STAMP_NAME = "kinoshelf-stamp"
PYTHON_NAME = "bin/python"
UNREACHABLE = re.compile(r"retrying|connection|name resolution|timed out|ssl", re.IGNORECASE)
NO_WHEEL = re.compile(r"No matching distribution found for ([^\s;(]+)")
WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES")


class NotPossible(Exception):
    """The environment cannot be made; the text says why."""


def fingerprint(lock: Path, venv: Path) -> str:
    """What the environment was made from: another lock, interpreter or place asks for a new one."""
    locks = [hashlib.sha256(each.read_bytes()).hexdigest() for each in (lock, source_lock(lock)) if each.exists()]
    return "\n".join([*locks, sys.version, sys.base_prefix, str(venv)])


def source_lock(lock: Path) -> Path:
    return lock.with_name(f"{lock.stem}-source.txt")


def is_current(lock: Path, venv: Path) -> bool:
    stamp = venv / STAMP_NAME
    made = stamp.is_file() and (venv / PYTHON_NAME).exists()
    return made and stamp.read_text(encoding="utf-8") == fingerprint(lock, venv)


def run_showing(command: list[str]) -> tuple[int, list[str]]:
    """Run a command in a process group of its own, so that an interruption ends all of it; count what it collects."""
    output: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        try:
            for raw in process.stdout or ():
                output.append(raw.decode(errors="replace").rstrip())
                show_progress(output)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    return process.returncode, output


def show_progress(output: list[str]) -> None:
    """One line that counts, on a terminal only."""
    if not sys.stdout.isatty():
        return
    if output[-1].startswith("Collecting "):
        collected = sum(line.startswith("Collecting ") for line in output)
        print(f"\r  {collected} packages collected", end="", flush=True)
    elif output[-1].startswith("Installing collected"):
        print("\r  unpacking             ", flush=True)


def make_venv(venv: Path) -> list[str]:
    """Make an empty environment; returns the command that is its pip."""
    base = getattr(sys, "_base_executable", sys.executable)  # we may be running inside the very folder we clear
    plain = [base, "-I", "-m", "venv", "--clear", str(venv)]
    if importlib.util.find_spec("ensurepip"):
        code, output = run_showing(plain)
        if code == 0:
            return [str(venv / PYTHON_NAME), "-m", "pip"]
    code, output = run_showing([*plain, "--without-pip"])  # Debian without python3-venv: use the system's pip
    if code:
        raise NotPossible(f"Python's venv module failed: {last_lines(output)}")
    if run_showing([base, "-m", "pip", "--version"])[0]:
        raise NotPossible("This Python has neither ensurepip nor pip; on Debian or Ubuntu: apt install python3-venv.")
    return [base, "-m", "pip", "--python", str(venv / PYTHON_NAME)]


def install(pip: list[str], lock: Path) -> None:
    """Install the lock: hashes checked, wheels only, so that a missing wheel is a sentence and not a compiler's log."""
    install_from(pip, lock, ["--only-binary", ":all:"])
    if source_lock(lock).exists():
        # Built with the setuptools that was just installed, so that nothing comes without a hash.
        install_from(pip, source_lock(lock), ["--no-build-isolation", "--use-pep517"])


def install_from(pip: list[str], lock: Path, form: list[str]) -> None:
    # The lock is complete. Left to itself, pip before 23.3 takes the newest release for a package's extras, which the
    # lock does not name, and fails.
    options = ["--require-hashes", "--no-deps", *form, "--disable-pip-version-check", "--no-input"]
    # Not compiled: what is used will be at its first import; all of it at once would be a quarter of the time.
    code, output = run_showing([*pip, "install", "--no-compile", *options, "-r", str(lock)])
    if code:
        raise NotPossible(f"{explain(output, lock)}\n{last_lines(output)}")


def explain(output: list[str], lock: Path) -> str:
    """One sentence about why pip failed."""
    text = "\n".join(output)
    machine = f"Python {platform.python_version()} on {sys.platform} {platform.machine()}"
    missing = NO_WHEEL.search(text)
    if missing and not UNREACHABLE.search(text):
        return f"There is no wheel of {missing[1]} for {machine}."
    if missing:
        return f"The package index could not be reached for {missing[1]}."
    if WRONG_HASH.search(text):
        return f"A downloaded package is not the one that {lock.name} names."
    return f"pip could not install {lock.name} for {machine}."


def last_lines(output: list[str], count: int = 4) -> str:
    lines = [line for line in output if line.strip() and not line.startswith("[notice]")]
    return "\n".join(lines[-count:])


def bootstrap(lock: Path = LOCK, venv: Path = VENV) -> None:
    """Make the environment unless it is there already. The stamp comes last: an interrupted install leaves none."""
    if is_current(lock, venv):
        return
    venv.parent.mkdir(exist_ok=True)
    folder = os.open(venv.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # `make run` and `make test` at once: the second waits for the first
        if is_current(lock, venv):
            return
        print(f"Making {venv.name} from {lock.name}: some 20 seconds, once.", flush=True)
        (venv / STAMP_NAME).unlink(missing_ok=True)
        install(make_venv(venv), lock)
        (venv / STAMP_NAME).write_text(fingerprint(lock, venv), encoding="utf-8")
    finally:
        os.close(folder)


def refuse_other_pythons(name: str) -> None:
    if sys.version_info[:2] < OLDEST:
        sys.exit(
            f"Kinoshelf needs Python 3.11 or newer, this is {platform.python_version()}: make run PYTHON=python3.13"
        )
    if sys.version_info[:2] > NEWEST.get(name, sys.version_info[:2]):
        variable, newest = f"{name.upper()}_PYTHON", ".".join(map(str, NEWEST[name]))
        sys.exit(
            f"{name.capitalize()} needs Python {newest}, this is {platform.python_version()}: "
            f"make test-e2e {variable}=python{newest}"
        )


def interrupt(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main(arguments: list[str], lock: Path = LOCK, venv: Path = VENV) -> None:
    """Bootstrap, then become `.venv/bin/python <arguments>` if there are any."""
    name = ""
    if arguments[:1] == ["--e2e"]:
        name, arguments = arguments[1], arguments[2:]
        lock, venv = lock.with_name(f"e2e-{name}.txt"), E2E / name
    elif arguments[:1] == ["--audit"]:
        arguments = arguments[1:]
        lock, venv = lock.with_name("audit.txt"), AUDIT
    refuse_other_pythons(name)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup wants us to stay
            signal.signal(number, interrupt)
    try:
        bootstrap(lock, venv)
    except (NotPossible, OSError) as error:
        sys.exit(str(error))
    if arguments:
        python = str(venv / PYTHON_NAME)
        os.execv(python, [python, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
