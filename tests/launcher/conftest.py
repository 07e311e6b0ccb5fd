"""A data folder that the database's user can reach, and a launcher with stand-ins that is watched from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from dev.testing import temporary_data
from tests.leaks import look

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Launched:
    """A launcher in a session of its own, with everything it says."""

    def __init__(self, data: Path, notes: Path, environment: dict[str, str], under: Sequence[str] = ()) -> None:
        self.data = data
        self.notes = notes
        self.said = notes / f"said-{os.urandom(4).hex()}"
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("KINOSHELF")}
        ours = {"KINOSHELF_DATA": str(data), "KINOSHELF__API__PORT": "0", "STANDIN_NOTES": str(notes)}
        settings = notes / "settings.toml"
        settings.touch()
        ours["KINOSHELF_SETTINGS"] = str(settings)
        command = [*under, sys.executable, "-m", "tests.launcher.run_with_standins", "--tied"]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=kept | ours | environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.said.read_text()

    def wait_for(self, text: str) -> None:
        def said_or_ended() -> bool:
            return text in self.output or self.process.poll() is not None

        until(said_or_ended, text)
        assert text in self.output

    def pids(self) -> list[int]:
        """Of everything it has started that left a note, and of the two servers."""
        noted = [int(path.read_text()) for path in self.notes.iterdir() if path.read_text().isdigit()]
        return [*noted, *server_pids(self.data)]

    def end(self, *numbers: signal.Signals, group: bool = False) -> int:
        for number in numbers:
            if group:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


def server_pids(data: Path) -> list[int]:
    """Processes with the data folder in their arguments or as their working directory."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            near = [(folder / "cmdline").read_bytes().decode(errors="replace"), str((folder / "cwd").readlink())]
        except OSError:
            continue
        if int(folder.name) != os.getpid() and any(str(data) in text for text in near):
            found.append(int(folder.name))
    return found


async def fetch(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in pids), "the end of the killed")


@pytest.fixture
def data() -> Iterator[Path]:
    with temporary_data() as folder:
        yield folder


@pytest.fixture
def launched(data: Path, tmp_path: Path) -> Iterator[Callable[..., Launched]]:
    """Start a launcher, with a database if the test is about that; whatever is left of it is killed afterwards."""
    started: list[Launched] = []

    def launch(
        folder: Path = data, *, database: bool = False, under: Sequence[str] = (), **environment: str
    ) -> Launched:
        notes = tmp_path / str(len(started))
        notes.mkdir()
        given = {} if database else {"KINOSHELF__POSTGRES__URL": "postgresql://127.0.0.1/nobody-asks"}
        started.append(Launched(folder, notes, given | environment, under))
        return started[-1]

    yield launch
    for launcher in started:
        launcher.process.kill()
        launcher.process.wait()
        kill_all(launcher.pids())
        look("what the launcher said", launcher.output)
