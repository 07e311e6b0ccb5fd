"""`make pictures`: what the dashboards show, drawn by Graphite itself from a few minutes of traffic."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from dev.dashboards.__main__ import DASHBOARDS
from dev.dashboards.names import top
from dev.dashboards.panels import PER_HOUR, PER_MINUTE, Dashboard, Panel
from dev.ports import LOOPBACK
from e2e.graphite import PROGRAMS, ROOT, Graphite, running_graphite
from e2e.service import running_service
from e2e.targets import substituted
from e2e.traffic import Traffic, rounds

FOLDER = ROOT / "docs" / "pictures"
MONTAGE = Path(__file__).with_name("montage.py")
FLUSH_SECONDS, TRAFFIC_SECONDS, PAUSE_SECONDS = 5, 240, 4.0
COLUMNS, WIDTH, HEIGHT = 3, 420, 230
MOST_PANELS, MOST_LINES = 12, 6
# What Grafana writes for them.
UNITS = {
    "short": "",
    "reqps": "req/s",
    "cps": "/s",
    "percent": "%",
    "mbytes": "MiB",
    PER_MINUTE: "/min",
    PER_HOUR: "/h",
}
NO_CAIRO = "Graphite cannot draw here: its cairocffi finds no libcairo (on Debian or Ubuntu: apt install libcairo2)."
LOOK: dict[str, str | float] = {
    "width": WIDTH,
    "height": HEIGHT,
    "bgcolor": "white",
    "fgcolor": "333333",
    "majorGridLineColor": "dddddd",
    "minorGridLineColor": "f2f2f2",
    "fontSize": 9,
    "margin": 8,
    "lineMode": "connected",
    "lineWidth": 1.4,
    "yMin": 0,
    "tz": "UTC",
    "hideLegend": "false",
    "format": "png",
    "from": f"-{TRAFFIC_SECONDS}s",
}


@contextmanager
def measured() -> Iterator[Graphite]:
    """A chain that has seen the traffic of some minutes."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kinoshelf-pictures-"))
        graphite = stack.enter_context(running_graphite(Path(folder), FLUSH_SECONDS))
        service = stack.enter_context(running_service(STATSD__HOST=LOOPBACK, STATSD__PORT=str(graphite.statsd_port)))
        traffic = stack.enter_context(Traffic(service.url))
        print(f"The service runs; now {TRAFFIC_SECONDS} seconds of traffic.", flush=True)
        traffic.demo()
        use(traffic)
        yield graphite


def use(traffic: Traffic) -> None:
    """Now more, now less."""
    until = time.monotonic() + TRAFFIC_SECONDS
    for _ in rounds(TRAFFIC_SECONDS, pause=0.3):
        traffic.round()
        time.sleep(min(random.expovariate(1 / PAUSE_SECONDS), PAUSE_SECONDS * 2))
        if sys.stdout.isatty():
            print(f"\r  {max(until - time.monotonic(), 0):.0f} s to go  ", end="", flush=True)


def drawn(graphite: Graphite, dashboard: Dashboard, folder: Path) -> list[Path]:
    """A file for each panel with lines, the first ones."""
    files = []
    panels = [panel for panel in dashboard.panels if panel.kind == "timeseries"]
    for number, panel in enumerate(panels[:MOST_PANELS]):
        file = folder / f"{dashboard.uid}-{number:02}.png"
        file.write_bytes(draw(graphite, panel))
        files.append(file)
    return files


def draw(graphite: Graphite, panel: Panel) -> bytes:
    stacked = "stacked" if panel.stacked else "none"
    asked = LOOK | {"title": panel.title, "vtitle": UNITS.get(panel.unit, panel.unit), "areaMode": stacked}
    targets = [substituted(target) for target in panel.targets]
    if panel.table:
        targets = [top(MOST_LINES, target) for target in targets]
    answer = httpx.get(f"{graphite.url}/render", params={**asked, "target": targets}, timeout=60, trust_env=False)
    answer.raise_for_status()
    return answer.content


def main() -> int:
    python = PROGRAMS / "python"
    if subprocess.run([python, "-c", "import cairocffi"], capture_output=True, check=False).returncode:
        print(NO_CAIRO, file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with measured() as graphite, tempfile.TemporaryDirectory() as folder:
        for dashboard in DASHBOARDS:
            picture = FOLDER / f"{dashboard.uid}.png"
            files = drawn(graphite, dashboard, Path(folder))
            subprocess.run([python, MONTAGE, picture, str(COLUMNS), *files], check=True)
            print(picture.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
