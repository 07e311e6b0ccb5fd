"""How much memory this process ever held."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float | None:
    """VmHWM in MB of 1,000 kB, as Linux tells it; None elsewhere."""
    if not STATUS.is_file():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1_000_000
