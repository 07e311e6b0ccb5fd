"""One service for all scenarios of a module. LONG=1 makes of each what is run by hand."""

import os
from collections.abc import Iterator

import pytest
from rich.console import Console

from tests.faults.scale import Scale, told
from tests.faults.service import Service, running_service

LONG = os.environ.get("LONG") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [] if LONG else [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def scale() -> Scale:
    return Scale(long=LONG)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    Console(width=120).print(f"\nScale, default in brackets: {told()}", highlight=False)
    with running_service() as running:
        yield running
