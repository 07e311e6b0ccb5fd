"""The making of `.venv`: only when needed, never half, and one sentence where it cannot be."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import bootstrap
from tests.launcher.conftest import ROOT, alive, until

SAYS = "import sys; sys.stdout.write({text!r}); sys.exit({code})"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    lock = tmp_path / "dev.txt"
    lock.write_text("# nothing to install\n")
    return lock


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    return tmp_path / ".venv"


@pytest.fixture
def made(lock: Path, venv: Path) -> Path:
    """Looks like a finished environment."""
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / bootstrap.STAMP_NAME).write_text(bootstrap.fingerprint(lock, venv))
    return venv


@pytest.fixture
def handlers() -> Iterator[None]:
    """main() listens to the signals; give them back to pytest."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kept = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def pip_that_says(text: str, code: int = 1) -> list[str]:
    return [sys.executable, "-c", SAYS.format(text=text, code=code)]


def test_from_nothing_and_then_at_once(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("")
    shutil.copy(ROOT / "dev" / "bootstrap.py", tmp_path / "dev")
    script = [sys.executable, "dev/bootstrap.py", "-c", "import sys; print(sys.prefix)"]
    first = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert first.stdout.splitlines()[-1] == str(tmp_path / ".venv")
    assert first.stdout.startswith("Making .venv from dev.txt")
    second = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert second.stdout == f"{tmp_path / '.venv'}\n"


def test_current_until_something_changes(made: Path, lock: Path, tmp_path: Path) -> None:
    bootstrap.bootstrap(lock, made)
    assert bootstrap.is_current(lock, made)
    moved = tmp_path / "moved"
    made.rename(moved)
    assert not bootstrap.is_current(lock, moved)
    moved.rename(made)
    lock.write_text("changed\n")
    assert not bootstrap.is_current(lock, made)


def test_lost_interpreter_is_noticed(made: Path, lock: Path) -> None:
    (made / "bin" / "python").unlink()
    assert not bootstrap.is_current(lock, made)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: No matching distribution found for uvloop==0.23.0", "There is no wheel of uvloop==0.23.0 for Python"),
        (
            "WARNING: Retrying after connection broken\nERROR: No matching distribution found for arq==0.28.0",
            "The package index could not be reached for arq==0.28.0.",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "A downloaded package is not the one that dev.txt names."),
        ("ERROR: no space left", "pip could not install dev.txt for Python"),
    ],
)
def test_failed_install_is_one_sentence_and_no_stamp(
    made: Path, lock: Path, monkeypatch: pytest.MonkeyPatch, said: str, sentence: str
) -> None:
    lock.write_text("changed\n")
    monkeypatch.setattr(bootstrap, "make_venv", lambda _venv: pip_that_says(said))
    with pytest.raises(SystemExit) as ended:
        bootstrap.main([], lock, made)
    assert str(ended.value).startswith(sentence)
    assert said.splitlines()[-1] in str(ended.value)
    assert not (made / bootstrap.STAMP_NAME).exists()


@pytest.mark.usefixtures("handlers")
def test_becomes_the_environments_python(made: Path, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(os, "execv", lambda *call: calls.append(call))
    lock.write_text("changed\n")
    monkeypatch.setattr(bootstrap, "make_venv", lambda _venv: pip_that_says("fine", code=0))
    bootstrap.main([], lock, made)
    assert not calls
    bootstrap.main(["-m", "dev.run"], lock, made)
    python = str(made / "bin" / "python")
    assert calls == [(python, [python, "-m", "dev.run"])]


@pytest.mark.usefixtures("handlers")
def test_second_of_two_at_once_finds_it_made(made: Path, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True])
    monkeypatch.setattr(bootstrap, "is_current", lambda _lock, _venv: next(answers))
    monkeypatch.setattr(bootstrap, "make_venv", None)
    bootstrap.bootstrap(lock, made)
    assert next(answers, "asked twice") == "asked twice"


def test_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, this is 3"):
        bootstrap.main([])


def test_too_new_a_python_for_a_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEWEST", {"graphite": (3, 10)})
    with pytest.raises(SystemExit, match=r"Graphite needs Python 3\.10, this is .* GRAPHITE_PYTHON=python3\.10"):
        bootstrap.main(["--e2e", "graphite"])


@pytest.mark.usefixtures("handlers")
def test_environment_of_a_server_has_its_own_lock_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "e2e-graphite.txt"
    lock.write_text("")
    calls: list[object] = []
    monkeypatch.setattr(bootstrap, "E2E", tmp_path / ".e2e")
    monkeypatch.setattr(bootstrap, "NEWEST", {})
    monkeypatch.setattr(os, "execv", lambda *call: calls.append(call))
    monkeypatch.setattr(bootstrap, "make_venv", lambda venv: venv.mkdir() or pip_that_says("fine", code=0))
    bootstrap.main(["--e2e", "graphite", "-m", "carbon"], tmp_path / "dev.txt")
    python = str(tmp_path / ".e2e" / "graphite" / "bin" / "python")
    assert calls == [(python, [python, "-m", "carbon"])]
    assert (tmp_path / ".e2e" / "graphite" / bootstrap.STAMP_NAME).exists()


@pytest.mark.usefixtures("handlers")
def test_environment_of_the_audit_has_its_own_lock_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "audit.txt").write_text("")
    calls: list[object] = []
    monkeypatch.setattr(bootstrap, "AUDIT", tmp_path / ".audit" / "venv")
    monkeypatch.setattr(os, "execv", lambda *call: calls.append(call))
    monkeypatch.setattr(bootstrap, "make_venv", lambda venv: venv.mkdir() or pip_that_says("fine", code=0))
    bootstrap.main(["--audit", "-m", "dev.audit"], tmp_path / "dev.txt")
    python = str(tmp_path / ".audit" / "venv" / "bin" / "python")
    assert calls == [(python, [python, "-m", "dev.audit"])]


def test_what_is_published_as_source_is_installed_last_and_asks_for_a_new_environment(
    made: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lock.with_name("dev-source.txt")
    source.write_text("")
    assert not bootstrap.is_current(lock, made)
    ran: list[list[str]] = []

    def run(command: list[str]) -> tuple[int, list[str]]:
        ran.append(command)
        return 0, []

    monkeypatch.setattr(bootstrap, "run_showing", run)
    bootstrap.install(["pip"], lock)
    assert [command[-1] for command in ran] == [str(lock), str(source)]
    assert ["--only-binary" in command for command in ran] == [True, False]
    assert all("--require-hashes" in command for command in ran)


@pytest.mark.parametrize(("ensurepip", "codes"), [(True, [0]), (True, [1, 0, 0]), (False, [0, 0])])
def test_how_the_environment_gets_its_pip(
    venv: Path, monkeypatch: pytest.MonkeyPatch, ensurepip: bool, codes: list[int]
) -> None:
    left = iter(codes)
    ran: list[list[str]] = []

    def run(command: list[str]) -> tuple[int, list[str]]:
        ran.append(command)
        return next(left), []

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: ensurepip or None)
    monkeypatch.setattr(bootstrap, "run_showing", run)
    pip = bootstrap.make_venv(venv)
    own = codes == [0]
    assert (pip[0] == str(venv / "bin" / "python")) is own
    assert ("--python" in pip) is not own
    assert any("--without-pip" in command for command in ran) is not own


@pytest.mark.parametrize(
    ("codes", "sentence"), [([1], "venv module failed: why"), ([0, 1], "apt install python3-venv")]
)
def test_environment_that_cannot_be_made(
    venv: Path, monkeypatch: pytest.MonkeyPatch, codes: list[int], sentence: str
) -> None:
    left = iter(codes)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(bootstrap, "run_showing", lambda _command: (next(left), ["why"]))
    with pytest.raises(bootstrap.NotPossible, match=sentence):
        bootstrap.make_venv(venv)


def test_interruption_ends_what_runs_and_leaves_no_stamp(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    sleeper = f"import os, pathlib, time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid())); time.sleep(60)"
    code = (
        "import sys, pathlib; from dev import bootstrap; folder = pathlib.Path(sys.argv[1]);"
        "bootstrap.make_venv = lambda venv: [sys.executable, '-c', sys.argv[2]];"
        "(folder / 'dev.txt').touch(); (folder / '.venv').mkdir();"
        "bootstrap.main([], folder / 'dev.txt', folder / '.venv')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), sleeper], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    until(lambda: noted.exists() and noted.read_text() != "", "the start of the installation")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    until(lambda: not alive(int(noted.read_text())), "the end of the installation")
    assert not (tmp_path / ".venv" / bootstrap.STAMP_NAME).exists()


def test_terminal_sees_a_count(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for line in ("Collecting arq", "Collecting redis", "Installing collected packages: arq", "Else"):
        bootstrap.show_progress(["Collecting x", line])
    assert "2 packages collected" in capsys.readouterr().out
