"""`make compose-check`: docker-compose.yml for real, beside what runs: up, killed, replaced, backed up, restored."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from dev import env_file
from dev.ports import LOOPBACK, free_port

ROOT = Path(__file__).parents[1]
PERSON = {"username": "anna", "password": "correct horse battery staple"}
FILM, OTHER_FILM = 41519, 301
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.05
GRAPHITE = "http://127.0.0.1/render?from=-10min&format=json&target=stats.counters.kinoshelf.http.requests.POST_register.201.count"


class Failed(Exception):
    """The check ends here; the text says what was not as it should be."""


class Check:
    """A project of its own with its own secrets, ports and volumes."""

    def __init__(self) -> None:
        self._port = free_port()
        self.environment = {
            **os.environ,
            **dict(line.split("=", 1) for line in env_file.text(demo=True).splitlines() if "=" in line),
            "COMPOSE_PROJECT_NAME": "kinoshelf-check",
            "KINOSHELF_TAG": "check",
            "KINOSHELF_LISTEN": f"{LOOPBACK}:{self._port}",
            "GRAFANA_PORT": str(free_port()),
            "FRONT_NETWORK": "10.231.78.0/24",
            # All visitors are one person here.
            "REQUESTS_PER_SECOND": "1000",
        }
        self.environment["JWT_KEYS"] = self.environment["JWT_KEYS"].strip("'")
        self.http = httpx.Client(base_url=f"http://{LOOPBACK}:{self._port}", timeout=20)

    def run(self, *command: str, data: bytes | None = None) -> bytes:
        """Its output. Raises Failed with the last of what it complained of."""
        done = subprocess.run(command, cwd=ROOT, env=self.environment, input=data, capture_output=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)}: {done.stderr.decode(errors='replace')[-500:]}")
        return done.stdout

    def compose(self, *arguments: str, data: bytes | None = None) -> bytes:
        return self.run("docker", "compose", *arguments, data=data)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).decode().split()

    def log_in(self) -> None:
        answer = self.http.post("/login", json=PERSON).raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def favourites(self) -> dict[int, str]:
        """Status by film."""
        items = self.http.get("/movies/favorites").raise_for_status().json()["items"]
        return {item["kinopoisk_id"]: item["status"] for item in items}

    @contextmanager
    def visitors(self) -> Iterator[Counter[str]]:
        """People who read, and one who adds and removes, until the block ends; then what they were answered."""
        seen: Counter[str] = Counter()
        ended = threading.Event()
        threads = [threading.Thread(target=self._visit, args=(seen, ended, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def _visit(self, seen: Counter[str], ended: threading.Event, number: int) -> None:
        read = ("/movies/favorites", "/recommendations", "/profile", "/genres")[number]
        while not ended.wait(PAUSE_SECONDS):
            seen[self._ask("GET", read)] += 1
            if number == 0:
                seen[self._ask("POST", "/movies/favorites", json={"kinopoisk_id": OTHER_FILM})] += 1
                seen[self._ask("DELETE", f"/movies/favorites/{OTHER_FILM}")] += 1

    def _ask(self, method: str, path: str, json: object = None) -> str:
        try:  # a connection for each, as from many clients
            answer = httpx.request(
                method, self.http.base_url.join(path), json=json, headers=dict(self.http.headers), timeout=20
            )
        except httpx.HTTPError as error:
            return f"{method} {type(error).__name__}"
        return f"{method} {answer.status_code}"


def wait_for(what: str, condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {PATIENCE_SECONDS} s")
        time.sleep(0.2)


def told(seen: Counter[str]) -> str:
    return ", ".join(f"{count} × {answer}" for answer, count in sorted(seen.items()))


def come_up(check: Check) -> str:
    check.compose("up", "--detach", "--build", "--wait")
    return f"API {check.http.get('/health/ready').raise_for_status().json()['status']}"


def add_a_favourite(check: Check) -> str:
    check.http.post("/register", json=PERSON).raise_for_status()
    check.log_in()
    check.http.post("/movies/favorites", json={"kinopoisk_id": FILM}).raise_for_status()
    wait_for("the film is ready", lambda: check.favourites()[FILM] == "ready")
    return "registered, added, filled in"


def see_a_metric(check: Check) -> str:
    wait_for("Graphite has it", lambda: b"1.0" in check.compose("exec", "-T", "graphite", "wget", "-qO-", GRAPHITE))
    return "in Graphite"


def scale(check: Check) -> str:
    check.environment |= {"API_REPLICAS": "2", "WORKER_REPLICAS": "2"}
    check.compose("up", "--detach", "--wait")
    return f"{len(check.containers('api'))} API, {len(check.containers('worker'))} worker"


def kill_one_of_each(check: Check) -> str:
    with check.visitors() as seen:
        time.sleep(3)
        check.run("docker", "kill", check.containers("api")[0], check.containers("worker")[0])
        time.sleep(5)
    check.compose("up", "--detach", "--wait")
    return told(seen)


def replace_all(check: Check) -> str:
    with check.visitors() as seen:
        check.run("deploy/roll.sh")
    return told(seen)


def lose_and_restore(check: Check) -> str:
    dump = check.compose("exec", "-T", "postgres", "pg_dump", "-U", "postgres", "-Fc", "kinoshelf")
    check.compose("down", "--volumes")
    check.compose("up", "--detach", "--wait", "postgres")
    restore = ("pg_restore", "-U", "postgres", "-d", "kinoshelf", "--clean", "--if-exists", "--exit-on-error")
    check.compose("exec", "-T", "postgres", *restore, data=dump)
    check.compose("up", "--detach", "--wait")
    if check.favourites().get(FILM) != "ready":  # with the token of before
        raise Failed("the favourite is not there")
    check.log_in()
    return f"{len(dump)} bytes; favourite, token and password are there"


STEPS = (come_up, add_a_favourite, see_a_metric, scale, kill_one_of_each, replace_all, lose_and_restore)


def main() -> int:
    """Exit code 1 with one sentence where a step failed."""
    check = Check()
    try:
        for step in STEPS:
            started = time.monotonic()
            result = step(check)
            print(f"{step.__name__.replace('_', ' '):<20} {time.monotonic() - started:6.1f} s  {result}", flush=True)
    except (Failed, httpx.HTTPError) as error:
        sys.stderr.write(f"compose-check: {error}\n")
        return 1
    finally:
        check.compose("down", "--volumes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
