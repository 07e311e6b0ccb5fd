"""The launcher from outside: real servers, stand-ins for our own programs, every way to end."""

import json
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.launcher.conftest import Launched, alive, until

Launch = Callable[..., Launched]
WAYS_TO_STOP = [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, False)]
MOMENTS = ["", "PostgreSQL", "Sandbox of Kinopoisk"]
SECRETS = ["jwt-secret", "postgres-password"]


def nothing_is_left(launcher: Launched, pids: list[int]) -> bool:
    return not [pid for pid in {*pids, *launcher.pids()} if alive(pid)]


def test_says_what_it_starts_and_starts_again_with_the_same_secrets(launched: Launch, data: Path) -> None:
    launcher = launched(database=True)
    launcher.wait_for("Ready:")
    lines = launcher.output.splitlines()
    assert [line.split()[0] for line in lines] == ["PostgreSQL", "Valkey", "Sandbox", "Ready:"]
    address = re.fullmatch(r"Ready: (http://127\.0\.0\.1:\d+)/docs", lines[-1])
    assert address
    with urlopen(f"{address[1]}/health/ready") as answer:
        assert answer.status == 200
    secrets = [(data / name).read_text() for name in SECRETS]
    assert launcher.end(signal.SIGTERM) == 0
    again = launched(database=True)
    again.wait_for("Ready:")
    assert [(data / name).read_text() for name in SECRETS] == secrets
    assert {path.stat().st_mode & 0o777 for path in data.iterdir() if path.is_file()} == {0o600}
    assert not [secret for secret in secrets if secret.strip() in launcher.output + again.output]


@pytest.mark.parametrize(("number", "group"), WAYS_TO_STOP)
def test_every_way_to_stop_leaves_nothing(launched: Launch, number: signal.Signals, group: bool) -> None:
    launcher = launched(database=group)
    launcher.wait_for("Ready:")
    pids = launcher.pids()
    assert len(pids) >= 6  # the launcher, its four programs and what the worker started
    assert launcher.end(number, group=group) == 0
    assert nothing_is_left(launcher, pids)
    assert launcher.output.endswith("Stopping.\nStopped.\n")


@pytest.mark.parametrize("moment", MOMENTS)
def test_stops_in_the_middle_of_the_start(launched: Launch, moment: str, data: Path) -> None:
    launcher = launched(database=True, STANDIN_WORKER="silent")
    if moment:
        launcher.wait_for(moment)
    else:
        until((data / "postgres.new").exists, "the making of the database")
    pids = launcher.pids()
    assert launcher.end(signal.SIGTERM) == 0
    assert nothing_is_left(launcher, pids)
    assert "Ready" not in launcher.output


def test_second_ctrl_c_does_not_wait_for_the_deaf(launched: Launch) -> None:
    launcher = launched(STANDIN_API="stubborn")
    launcher.wait_for("Ready:")
    pids = launcher.pids()
    launcher.process.send_signal(signal.SIGINT)
    launcher.wait_for("Stopping.")
    repeat_until_it_ends(launcher)
    assert launcher.process.returncode == 0
    assert nothing_is_left(launcher, pids)


def repeat_until_it_ends(launcher: Launched) -> None:
    def again() -> bool:
        launcher.process.send_signal(signal.SIGINT)
        return launcher.process.poll() is not None

    until(again, "the end")


def test_killed_launcher_leaves_nothing(launched: Launch) -> None:
    launcher = launched(database=True)
    launcher.wait_for("Ready:")
    grandchild = int((launcher.notes / "worker-child").read_text())
    pids = [pid for pid in launcher.pids() if pid != grandchild]
    assert launcher.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not any(alive(pid) for pid in pids), "the end of the children")


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("WORKER", "The worker ended (exit code 7)."),
        ("MIGRATION", "The migration of the database ended (exit code 1)."),
    ],
)
def test_death_of_a_child_ends_all(launched: Launch, who: str, sentence: str) -> None:
    launcher = launched(**{f"STANDIN_{who}": "dies"})
    assert launcher.process.wait(20) == 1
    assert sentence in launcher.output
    assert "complicated" in launcher.output or who == "WORKER"
    assert nothing_is_left(launcher, [])


def test_killed_child_is_named(launched: Launch) -> None:
    launcher = launched()
    launcher.wait_for("Ready:")
    os.kill(int((launcher.notes / "sandbox").read_text()), signal.SIGKILL)
    assert launcher.process.wait(20) == 1
    assert "The sandbox ended (signal 9)." in launcher.output
    assert nothing_is_left(launcher, [])


def test_stops_when_its_parent_is_killed(launched: Launch) -> None:
    make = launched(under=("sh", "-c", '"$@"; true', "sh"))
    make.wait_for("Ready:")
    pids = make.pids()
    assert make.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: make.output.endswith("Stopped.\n"), "the end")
    assert nothing_is_left(make, pids)


def test_same_data_folder_is_refused(launched: Launch, data: Path) -> None:
    first = launched()
    first.wait_for("Ready:")
    refused = launched()
    assert refused.process.wait(20) == 1
    assert refused.output.startswith(f"Kinoshelf already runs with {data} (process {first.process.pid})")


def test_taken_port_is_named_with_the_way_out(launched: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launcher = launched(KINOSHELF__API__PORT=str(port))
        assert launcher.process.wait(20) == 1
    assert launcher.output.startswith(f"Port {port} on 127.0.0.1 is taken; choose another: KINOSHELF__API__PORT=")
    assert launcher.output.count("\n") == 1


def test_given_servers_are_used_by_a_second_one_beside(launched: Launch) -> None:
    first = launched(database=True)
    first.wait_for("Ready:")
    children = Path(f"/proc/{(first.notes / 'api').read_text()}/environ").read_bytes().decode().split("\0")
    given = {name: value for name, _, value in (line.partition("=") for line in children)}
    urls = {name: given[name] for name in ("KINOSHELF__POSTGRES__URL", "KINOSHELF__REDIS__URL")}
    assert json.loads(given["KINOSHELF__AUTH__JWT_KEYS"])[0]["id"] == "local"
    assert given["KINOSHELF__KINOPOISK__API_KEY"] == "sandbox-key"
    second = launched(first.data / "second", KINOSHELF__KINOPOISK__API_KEY="mine", **urls)
    second.wait_for("Ready:")
    assert len(second.output.splitlines()) == 1
    assert second.end(signal.SIGTERM) == 0
