"""What tests tell of themselves stands at the end of the run, in whichever process they ran: `tell("12 of 12")`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

Tell = Callable[..., None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Lines for the end of the run; all but the first are told in a verbose run only."""
    return lambda *lines: record_property("told", lines)


def recorded(reports: Iterable[pytest.TestReport], name: str) -> Iterator[Any]:
    """What was given to record_property under this name."""
    for report in reports:
        if getattr(report, "when", None) == "teardown":
            yield from (value for key, value in report.user_properties if key == name)


def all_reports(terminalreporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return [report for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "when")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for first, *more in recorded(all_reports(terminalreporter), "told"):
        terminalreporter.write_line(first)
        if terminalreporter.verbosity > 0:
            terminalreporter.write_line("\n".join(more))
