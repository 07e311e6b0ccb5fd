"""What password hashes leave behind, and what no API need load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Two blocks like those of two hashes, the second within what the first made glibc keep.
HASHES = """
from pathlib import Path
{prepare}
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
before = resident()
for _ in range(2):
    block = bytearray(20_000_000)
    del block
print(resident() - before)
"""
PREPARE = "from api.memory import give_back_large_blocks; give_back_large_blocks()"


def left_behind(prepare: str) -> int:
    """Bytes, of a process of its own."""
    command = [sys.executable, "-c", HASHES.format(prepare=prepare)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_large_blocks_go_back_when_they_are_freed() -> None:
    assert left_behind("") > 10_000_000
    assert left_behind(PREPARE) < 2_000_000


def test_an_api_loads_nothing_that_draws() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KINOSHELF")}
    command = [sys.executable, "-X", "importtime", "-m", "api"]
    root = Path(__file__).parents[2]
    ended = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False, encoding="utf-8")
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "uvicorn" in loaded
    assert "rich.segment" not in loaded  # what it consists of; that somebody looked for it is no harm
