"""What tests tell of themselves stands at the end of the run, in whichever process they ran: `tell("12 of 12")`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.sent import Sent, Tally

ROOT = Path(__file__).parents[1]
Tell = Callable[..., None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Lines for the end of the run; all but the first are told in a verbose run only."""
    return lambda *lines: record_property("told", lines)


def recorded(reporter: pytest.TerminalReporter, name: str) -> Iterator[Any]:
    """What was given to record_property under this name."""
    for report in reports(reporter):
        if report.when == "teardown":
            yield from (value for key, value in report.user_properties if key == name)


def reports(reporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    for group in reporter.stats.values():
        yield from (report for report in group if isinstance(report, pytest.TestReport))


def hostile(reporter: pytest.TerminalReporter) -> Tally:
    return Tally(Sent(*sent) for page in recorded(reporter, "hostile") for sent in page)


def is_whole(reporter: pytest.TerminalReporter) -> bool:
    """Whether all hostile tests were run, so that their requests can be held against what there must be."""
    ran = {ROOT / report.nodeid.partition("::")[0] for report in reports(reporter)}
    asked = reporter.config
    some = "deselected" in reporter.stats or asked.option.keyword or "::" in "".join(asked.args)
    return not some and ran >= {*(ROOT / "tests/hostile").glob("test_*.py")}


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and is_whole(reporter) and not hostile(reporter).is_enough():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tally, told = hostile(terminalreporter), [*recorded(terminalreporter, "told")]
    if tally.number:
        told.append([tally.line(), *tally.table()])
    for first, *more in told:
        terminalreporter.write_line(first)
        if terminalreporter.verbosity > 0:
            terminalreporter.write_line("\n".join(more))
