"""The targets of all panels, as Grafana would ask Graphite for them."""

import re
from dataclasses import dataclass

from dev.dashboards.__main__ import DASHBOARDS

# What Grafana puts in place of the variables when nothing is chosen.
CHOSEN = {"$prefix": "kinoshelf", "$route": "*"}


@dataclass(frozen=True)
class Asked:
    """A target, and where it is shown."""

    dashboard: str
    panel: str
    target: str


def all_targets() -> list[Asked]:
    return [
        Asked(dashboard.title, panel.title, substituted(target))
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        for target in panel.targets
    ]


def substituted(target: str) -> str:
    return re.sub("|".join(map(re.escape, CHOSEN)), lambda found: CHOSEN[found[0]], target)
