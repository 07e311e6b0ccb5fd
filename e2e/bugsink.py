"""Bugsink, a server that speaks to the clients of Sentry, with a database of its own on a free port of this machine."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from dev.interrupts import Interrupts
from dev.ports import LOOPBACK, free_port
from dev.processes import Program, start_child, stop_children, wait_until

PROGRAMS = Path(__file__).parents[1] / ".e2e" / "bugsink" / "bin"
MAKE_PROJECT = "from projects.models import Project; print(Project.objects.create(name='kinoshelf').dsn)"
START_SECONDS = 60


class Bugsink:
    """A running server: events go to `dsn`."""

    def __init__(self, folder: Path, url: str, dsn: str, token: str) -> None:
        self.dsn = dsn
        self._folder = folder
        self._http = httpx.Client(
            base_url=f"{url}/api/canonical/0/", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )

    def issues(self) -> list[dict[str, Any]]:
        return self._all("issues/", project=1)

    def events(self) -> list[dict[str, Any]]:
        """What the service sent, as it is stored; each with the id of its `issue`."""
        listed = [event for issue in self.issues() for event in self._all("events/", issue=issue["id"])]
        return [self._get(f"events/{event['id']}/")["data"] | {"issue": event["issue"]} for event in listed]

    def everything(self) -> bytes:
        """Every byte that it keeps, whatever for."""
        return b"".join(file.read_bytes() for file in self._folder.rglob("*") if file.is_file())

    def _all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        found, page = [], self._get(path, **query)
        while True:
            found += page["results"]
            if not page["next"]:
                return found
            page = self._get(page["next"])

    def _get(self, path: str, **query: Any) -> Any:
        answer = self._http.get(path, params=query or None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.json()

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_bugsink(folder: Path) -> Iterator[Bugsink]:
    """Ends with everything that it started."""
    port, interrupts = free_port(), Interrupts()
    _run(folder, "bugsink-create-conf", "--template=local", f"--port={port}", f"--host={LOOPBACK}")
    _run(folder, "bugsink-manage", "migrate")
    _run(folder, "bugsink-manage", "migrate", "--database=snappea")
    dsn = _run(folder, "bugsink-manage", "shell", told=MAKE_PROJECT)
    token = _run(folder, "bugsink-manage", "create_auth_token")
    address = f"--bind={LOOPBACK}:{port}"
    command: list[str | Path] = [
        PROGRAMS / "gunicorn",
        address,
        "--no-control-socket",
        f"--chdir={folder}",
        "bugsink.wsgi",
    ]
    with ExitStack() as stack:
        server = start_child(Program("Bugsink", command, log=folder / "server.log", env=_environment(folder)))
        stack.callback(lambda: stop_children([server], interrupts, patience_seconds=10))
        url = f"http://{LOOPBACK}:{port}"
        wait_until(lambda: _is_ready(url), server, interrupts, seconds=START_SECONDS)
        bugsink = Bugsink(folder, url, dsn, token)
        stack.callback(bugsink.close)
        yield bugsink


def _environment(folder: Path) -> dict[str, str]:
    """It finds its configuration in the folder where it runs."""
    return os.environ | {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}


def _run(folder: Path, program: str, *arguments: str, told: str = "") -> str:
    """The last line of what it says."""
    done = subprocess.run(
        [PROGRAMS / program, *arguments],
        cwd=folder,
        env=_environment(folder),
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    return done.stdout.strip().rpartition("\n")[2]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=10, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
