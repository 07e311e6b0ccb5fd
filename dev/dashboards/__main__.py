"""`make dashboards`: writes the files of statsd/grafana/dashboards and docs/dashboards.md."""

import json
from collections.abc import Iterator
from pathlib import Path

from dev.dashboards import business, resources, service, upstream
from dev.dashboards.grafana import document
from dev.dashboards.panels import Dashboard

ROOT = Path(__file__).parents[2]
FOLDER = Path("statsd/grafana/dashboards")
PAGE = Path("docs/dashboards.md")
DASHBOARDS = (service.DASHBOARD, upstream.DASHBOARD, resources.DASHBOARD, business.DASHBOARD)
HEAD = """# Dashboards

Four, in Grafana's folder *Kinoshelf*; each leads to the others at the same time. `statsd/README.md` tells how they get
there, `docs/metrics.md` what their figures are made of. This page and the dashboards are written by `make dashboards`
from `dev/dashboards`.

| dashboard | answers |
|---|---|
"""


def files() -> Iterator[tuple[Path, str]]:
    """Each file below the root of the project, and what is in it."""
    for dashboard in DASHBOARDS:
        text = json.dumps(document(dashboard), indent=1, ensure_ascii=False)
        yield FOLDER / f"{dashboard.uid}.json", f"{text}\n"
    yield PAGE, page()


def page() -> str:
    """What each panel tells, for somebody who looks at one and wonders."""
    table = "".join(f"| {dashboard.title.capitalize()} | {dashboard.question} |\n" for dashboard in DASHBOARDS)
    return HEAD + table + "".join(section(dashboard) for dashboard in DASHBOARDS)


def section(dashboard: Dashboard) -> str:
    lines = ["", f"## {dashboard.title.capitalize()}"]
    for row in dashboard.rows:
        lines += ["", f"**{row.title}**", "", *(f"- *{panel.title}*: {panel.says}" for panel in row.panels)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path, text in files():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        print(path)
