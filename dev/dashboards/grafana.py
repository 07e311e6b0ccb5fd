"""Dashboards in Grafana's words. Its model is that of schema version 39; newer Grafanas bring it up to theirs."""

import itertools
import string
from collections.abc import Iterator, Sequence
from typing import Any

from dev.dashboards.names import PREFIX
from dev.dashboards.panels import Dashboard, Panel, Row

SOURCE = {"type": "graphite", "uid": "kinoshelf-graphite"}
TAG = "kinoshelf"
WIDTH = 24
ROW_HEIGHT = 1
# Two points that far apart are still one line; a longer silence is a gap.
GAP_MILLISECONDS = 120_000
# The latest figure is one of so long ago at the most, whatever time is looked at: what nobody tells is not known.
NOW = "5m"


def document(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": f"Kinoshelf: {dashboard.title}",
        "description": dashboard.question,
        "tags": [TAG],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # the cross-hair stands in all panels at the same moment
        "timezone": "browser",
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "links": [links()],
        "templating": {"list": variables(dashboard)},
        "annotations": {"list": []},
        "panels": list(laid_out(dashboard.rows)),
    }


def links() -> dict[str, Any]:
    """To the other dashboards, at the same time of the same service."""
    return {
        "type": "dashboards",
        "title": "Kinoshelf",
        "tags": [TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def variables(dashboard: Dashboard) -> list[dict[str, Any]]:
    prefix = choice(PREFIX.removeprefix("$"), "Installation", "stats.counters.*")
    # StatsD counts under a name of its own, which is no service.
    prefix |= {"regex": "/^(?!statsd$).+/", "current": {"text": "kinoshelf", "value": "kinoshelf"}}
    others = [choice(name, label, query) for name, (label, query) in dashboard.choices.items()]
    every = {"includeAll": True, "multi": True, "allValue": "*", "current": {"text": ["All"], "value": ["$__all"]}}
    return [prefix, *(other | every for other in others)]


def choice(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "definition": query,
        "query": query,
        "refresh": 2,  # whenever the time changes
        "sort": 1,
        "includeAll": False,
        "multi": False,
        "options": [],
    }


def laid_out(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Rows from the top, panels from the left, as many side by side as there is room for."""
    ids = itertools.count(1)
    top = 0
    for row in rows:
        yield {"id": next(ids), "type": "row", "title": row.title, "collapsed": False, "panels": []} | place(
            0, top, WIDTH, ROW_HEIGHT
        )
        top += ROW_HEIGHT
        left, height = 0, 0
        for each in row.panels:
            if left + each.width > WIDTH:
                left, top, height = 0, top + height, 0
            yield {"id": next(ids)} | panel(each) | place(left, top, each.width, each.height)
            left, height = left + each.width, max(height, each.height)
        top += height


def place(x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {"gridPos": {"x": x, "y": y, "w": width, "h": height}}


def panel(spec: Panel) -> dict[str, Any]:
    return {
        "type": spec.kind,
        "title": spec.title,
        "description": spec.says,
        "datasource": SOURCE,
        "targets": [
            {"refId": letter, "datasource": SOURCE, "target": target, "textEditor": True}
            for letter, target in zip(string.ascii_uppercase, spec.targets, strict=False)
        ],
        "fieldConfig": {"defaults": defaults(spec), "overrides": overrides(spec)},
        "options": OPTIONS[spec.kind] | legend(spec),
    } | ({"timeFrom": NOW} if spec.kind in {"stat", "bargauge"} else {})


def defaults(spec: Panel) -> dict[str, Any]:
    steps = [{"value": value, "color": colour} for value, colour in spec.steps]
    by_value = spec.kind in {"stat", "bargauge"}
    found = {
        "unit": spec.unit,
        "noValue": "not known",
        "min": 0,
        "color": {"mode": "thresholds" if by_value else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": words(spec),
        "custom": CUSTOM.get(spec.kind, {}) | (drawing(spec) if spec.kind == "timeseries" else {}),
    }
    if spec.decimals is not None:
        found["decimals"] = spec.decimals
    if spec.link:
        title, address = spec.link
        found["links"] = [{"title": title, "url": address, "targetBlank": True}]
    return found


def words(spec: Panel) -> list[dict[str, Any]]:
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(spec.words.items())
    }
    return [{"type": "value", "options": options}] if options else []


def drawing(spec: Panel) -> dict[str, Any]:
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 40 if spec.stacked else 8,
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": GAP_MILLISECONDS,
        "stacking": {"mode": "normal" if spec.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if spec.limit_shown else "off"},
    }


def overrides(spec: Panel) -> list[dict[str, Any]]:
    return [
        {
            "matcher": {"id": "byRegexp", "options": f"/{pattern}/"},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for pattern, colour in spec.colours.items()
    ]


def legend(spec: Panel) -> dict[str, Any]:
    if spec.kind != "timeseries":
        return {}
    calcs = ["lastNotNull", "mean", "max"] if spec.table else []
    order = {"sortBy": "Mean", "sortDesc": True} if spec.table else {}
    look = order | {"displayMode": "table" if spec.table else "list", "placement": "right" if spec.table else "bottom"}
    return {
        "legend": look | {"showLegend": True, "calcs": calcs},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


LAST = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "auto"}
OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {},
    "stat": LAST | {"colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto"},
    "bargauge": LAST | {"orientation": "horizontal", "displayMode": "gradient", "valueMode": "color"},
    "state-timeline": {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.8,
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "single", "sort": "none"},
    },
}
CUSTOM: dict[str, dict[str, Any]] = {"state-timeline": {"lineWidth": 0, "fillOpacity": 70}}
