"""What the long-lived processes carry: the numbers' libraries belong to the rebuild alone."""

import subprocess
import sys

import pytest

LOADED = "import sys, {module}; print([name for name in ('numpy', 'scipy') if name in sys.modules])"


@pytest.mark.parametrize("module", ["api.main", "worker.main"])
def test_neither_numpy_nor_scipy_is_loaded(module: str) -> None:
    command = [sys.executable, "-c", LOADED.format(module=module)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
