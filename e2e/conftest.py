"""One chain, one service and one minute of traffic for all tests of this run."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.launcher import SANDBOX_KEY
from dev.ports import LOOPBACK
from e2e.graphite import Graphite, running_graphite
from e2e.service import RunningService, running_service
from e2e.traffic import Traffic


@dataclass(frozen=True)
class Run:
    """What is running, and who uses it."""

    graphite: Graphite
    service: RunningService
    traffic: Traffic

    def secrets(self) -> set[str]:
        """What nobody may read anywhere: of the people, and of the service."""
        kept = {file.read_text().strip() for file in self.service.data.glob("*-secret")}
        assert kept
        return self.traffic.secrets | kept | {SANDBOX_KEY}


@pytest.fixture(scope="session")
def graphite() -> Iterator[Graphite]:
    """Carbon, Graphite and StatsD, with our statsd/ files."""
    with tempfile.TemporaryDirectory(prefix="kinoshelf-e2e-") as folder, running_graphite(Path(folder)) as chain:
        yield chain


@pytest.fixture(scope="session")
def run(graphite: Graphite) -> Iterator[Run]:
    """The service, measured by that chain, with people who have favourites."""
    with ExitStack() as stack:
        service = stack.enter_context(
            running_service(STATSD__HOST=LOOPBACK, STATSD__PORT=str(graphite.statsd_port), LOGS__LEVEL="debug")
        )
        traffic = stack.enter_context(Traffic(service.url))
        traffic.demo()
        yield Run(graphite, service, traffic)
