"""The Makefile and what continuous integration calls."""

import os
import shutil
import subprocess

import pytest

from tests.launcher.conftest import ROOT

TARGETS = {
    "run",
    "demo",
    "test",
    "audit",
    "test-contract",
    "test-e2e",
    "dashboards",
    "lint",
    "types",
    "imports",
    "bench",
    "bench-check",
    "lock",
    "clean",
}


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_help_is_the_default_and_knows_every_target() -> None:
    said = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in said.splitlines()} >= TARGETS


def test_integration_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test\n" in script.read_text()
    assert "make test-e2e\n" in script.read_text()
