"""The service keeps to /openapi.json, whatever is asked: nothing undeclared, nothing refused that it allows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.main import create_app
from api.protocol import BoundedHttpProtocol
from dev.sandbox.options import Options
from dev.sandbox.server import running_sandbox
from dev.testing import Servers
from tests.contract.fuzzing import Report, fuzz
from tests.hostile.conftest import emptied, fort_settings, listening
from tests.http.test_docs import CALLS
from tests.summary import Tell

OPERATIONS = {f"{verb.upper()} {path}" for verb, path in CALLS}
OPEN = {operation for operation in OPERATIONS if not any(word in operation for word in ("/movies", "/profile"))} - {
    "POST /token/renew",
    "POST /logout",
    "GET /status/upstream",
}


@pytest.fixture
async def address(migrated: Servers, caplog: pytest.LogCaptureFixture) -> AsyncIterator[str]:
    """A service on real servers, over HTTP."""
    caplog.set_level("WARNING", logger="urllib3")
    unlimited = Options(quota=-1, rate=0, search_rate=0)
    async with (
        emptied(migrated),
        running_sandbox(unlimited) as sandbox,
        listening(create_app(fort_settings(migrated, sandbox)), BoundedHttpProtocol) as port,
    ):
        yield f"http://127.0.0.1:{port}"


def answered_well(report: Report) -> set[str]:
    return {operation for operation, statuses in report.statuses.items() if {200, 201, 202, 204} & statuses.keys()}


async def test_somebody_gets_what_is_documented(address: str, examples: int, tell: Tell) -> None:
    report = await asyncio.to_thread(fuzz, address, examples, logged_in=True)
    tell(f"contract, logged in: {report.line()}", *report.table())
    findings = report.findings
    assert not findings
    assert answered_well(report) == OPERATIONS  # what is always refused would not be looked at


async def test_nobody_gets_what_is_documented(address: str, examples: int, tell: Tell) -> None:
    report = await asyncio.to_thread(fuzz, address, examples, logged_in=False)
    tell(f"contract, anonymous: {report.line()}", *report.table())
    findings = report.findings
    assert not findings
    assert ({*report.statuses}, answered_well(report)) == (OPERATIONS, OPEN)
