"""Starting, tying and stopping children; the signals that ask for it."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from dev import tether
from dev.accounts import Account
from dev.interrupts import ECHO_SECONDS, Interrupts, Stopped
from dev.problems import CannotStart
from dev.processes import Program, run_to_end, start_child, stop_children, wait_until
from tests.launcher.conftest import alive, until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts()


def python(code: str, log: Path | None = None) -> Program:
    return Program("The snake", [sys.executable, "-I", "-S", "-c", code], log=log)


def test_child_that_succeeds(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    run_to_end(start_child(python("print('done')", log)), interrupts)
    assert log.read_text() == "done\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_child_that_fails_is_quoted(tmp_path: Path, interrupts: Interrupts) -> None:
    child = start_child(python("raise SystemExit('no mice')", tmp_path / "log"))
    with pytest.raises(CannotStart, match=r"The snake ended \(exit code 1\)\.\nno mice"):
        run_to_end(child, interrupts)


def test_program_that_is_not_there(tmp_path: Path, interrupts: Interrupts) -> None:
    child = start_child(Program("The ghost", ["/nowhere/ghost"], log=tmp_path / "log"))
    with pytest.raises(CannotStart, match="Cannot start /nowhere/ghost: "):
        run_to_end(child, interrupts)


def test_stdin_reaches_it_and_nothing_is_inherited_otherwise(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    program = Program("cat", ["cat"], log=log, stdin="a secret")
    run_to_end(start_child(program), interrupts)
    assert log.read_text() == "a secret"
    run_to_end(start_child(Program("cat", ["cat"], log=log)), interrupts)
    assert log.read_text() == "a secret"


def test_stdin_that_nobody_reads(tmp_path: Path, interrupts: Interrupts) -> None:
    run_to_end(start_child(Program("true", ["true"], log=tmp_path / "log", stdin="x" * 1_000_000)), interrupts)


def test_waiting_ends_with_the_child_or_the_time(interrupts: Interrupts) -> None:
    child = start_child(python("raise SystemExit(3)"))
    with pytest.raises(CannotStart, match=r"The snake ended \(exit code 3\)\.$"):
        wait_until(lambda: False, child, interrupts)
    child = start_child(python("import time; time.sleep(60)"))
    with pytest.raises(CannotStart, match="was not ready after 0 seconds"):
        wait_until(lambda: False, child, interrupts, seconds=0.1)
    stop_children([child], interrupts, patience_seconds=5)
    assert child.obituary() == "The snake ended (signal 15)."


def test_deaf_child_is_killed_after_the_patience(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    child = start_child(python(DEAF, log))
    wait_until(lambda: "deaf" in log.read_text(), child, interrupts)
    stop_children([child], interrupts, patience_seconds=0.05)
    assert child.process.returncode == -signal.SIGKILL


def test_hurry_cuts_the_patience_short(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    child = start_child(python(DEAF, log))
    wait_until(lambda: "deaf" in log.read_text(), child, interrupts)
    interrupts.hurry = True
    stop_children([child], interrupts, patience_seconds=60)
    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_left_behind_goes_too(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    child = start_child(Program("sh", ["sh", "-c", "sleep 60 & echo $!"], log=log))
    until(lambda: not child.running, "the end of the shell")
    left = int(log.read_text())
    assert alive(left)
    stop_children([child], interrupts, patience_seconds=5)
    until(lambda: not alive(left), "the end of what it left")


def test_stopped_while_waiting(interrupts: Interrupts) -> None:
    child = start_child(python("import time; time.sleep(60)"))
    interrupts.ask()
    with pytest.raises(Stopped):
        run_to_end(child, interrupts)
    assert child.process.returncode == -signal.SIGTERM


def test_an_echo_is_no_second_wish(interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    interrupts.ask()
    interrupts.ask()
    assert interrupts.stopping
    assert not interrupts.hurry
    monkeypatch.setattr(time, "monotonic", lambda: now + ECHO_SECONDS * 2)
    interrupts.ask()
    assert interrupts.hurry


def test_signals_and_dying_children_end_a_rest_early(interrupts: Interrupts) -> None:
    kept = {
        number: signal.getsignal(number) for number in (*signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},)
    }
    try:
        with interrupts.installed():
            started = time.monotonic()
            child = start_child(python("pass"))
            interrupts.rest(30)
            child.process.wait()
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(Stopped):
                interrupts.pause(30)
            assert time.monotonic() - started < 20
            interrupts.rest(0)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, kept[number])


def test_tether_becomes_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    for name in ("setgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, lambda value, name=name: calls.append((name, value)))
    monkeypatch.setattr(os, "execv", lambda file, arguments: calls.append((file, arguments)))
    monkeypatch.setattr(os, "getppid", lambda: 77)
    monkeypatch.setattr(tether, "die_with_parent", lambda *told: calls.append(told))
    tether.main(["77", "9", "12", "34", "echo", "hello"])
    assert calls == [("setgroups", []), ("setgid", 34), ("setuid", 12), (77, 9), ("echo", ["echo", "hello"])]


def test_tether_notices_that_the_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def __init__(self, _name: None) -> None:
            pass

        def prctl(self, *_: int) -> None:
            pass

    monkeypatch.setattr(ctypes, "CDLL", Library)
    with pytest.raises(SystemExit):
        tether.die_with_parent(parent=-1, signal_number=9)
    monkeypatch.setattr(sys, "platform", "darwin")
    tether.die_with_parent(parent=-1, signal_number=9)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_runs_as_another_user(tmp_path: Path, interrupts: Interrupts) -> None:
    log = tmp_path / "log"
    program = Program("id", ["id", "-u"], log=log, account=Account("nobody", 65534, 65534))
    run_to_end(start_child(program), interrupts)
    assert log.read_text() == "65534\n"
