"""The dashboards that Grafana reads: as `make dashboards` writes them, and about metrics that exist."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.dashboards.__main__ import DASHBOARDS, FOLDER, files
from dev.dashboards.panels import Panel
from tests.infra.test_metric_names import documented

ROOT = Path(__file__).parents[2]
KINDS = {"counters": "count", "gauges": "gauge", "timers": "timing"}
FIGURES = {
    "counters": {"rate", "count"},
    "timers": {"count", "sum", "mean", "lower", "upper", "upper_50", "upper_95", "upper_99"},
}
NAME = re.compile(r"stats\.(\w+)\.\$prefix\.([\w.*$-]+(?:\{[\w,-]+\}[\w.*$-]*)*)")
ROW = re.compile(r"^\| `(\S+)` \| `(/\S+)` \|$", re.MULTILINE)
# What StatsD tells of itself.
OF_STATSD = ("stats.counters.statsd.metrics_received.rate", "stats.counters.statsd.bad_lines_seen.rate")
PANELS = [pytest.param(panel, id=f"{each.uid}:{panel.title}") for each in DASHBOARDS for panel in each.panels]


def written() -> list[dict[str, Any]]:
    return [json.loads((ROOT / FOLDER / f"{each.uid}.json").read_text(encoding="utf-8")) for each in DASHBOARDS]


def alternatives(name: str) -> Iterator[str]:
    """One name for each word in braces."""
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    # Outside of the braces there is no comma.
    return ("".join(words) for words in itertools.product(*parts))


def meet(name: str, row: str) -> bool:
    """Whether some metric has a name of both, a star being any one word."""
    pairs = list(itertools.zip_longest(name.split("."), row.split(".")))
    return all(a and b and (a == b or "*" in b or re.fullmatch(a.replace("*", ".*"), b)) for a, b in pairs)


def test_files_are_as_they_are_generated() -> None:
    stale = [str(path) for path, text in files() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "make dashboards"


def test_the_readme_names_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| *{each.title.capitalize()}* | {each.question} |" in readme for each in DASHBOARDS)


def test_no_file_is_left_over() -> None:
    assert {path.stem for path in (ROOT / FOLDER).glob("*.json")} == {each.uid for each in DASHBOARDS}


def test_ids_are_unique_and_places_do_not_overlap() -> None:
    for dashboard in written():
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        for one, other in itertools.combinations([panel["gridPos"] for panel in panels], 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_containers_find_what_lies_in_statsd() -> None:
    mounted = dict(
        re.findall(r"- \./(statsd/\S+?):(\S+?):ro", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    )
    assert all((ROOT / path).exists() for path in mounted)
    provider = (ROOT / FOLDER / "kinoshelf.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ +path: (\S+)$", provider, re.MULTILINE) == [mounted[str(FOLDER)]]
    readme = (ROOT / "statsd/README.md").read_text(encoding="utf-8")
    documented = {f"statsd/{file}".rstrip("/"): place.rstrip("/") for file, place in ROW.findall(readme)}
    assert documented == mounted


def test_every_target_asks_the_source_that_is_provisioned() -> None:
    provisioned = (ROOT / "statsd/grafana/datasources/kinoshelf.yaml").read_text(encoding="utf-8")
    (uid,) = re.findall(r"^ +uid: (\S+)$", provisioned, re.MULTILINE)
    for dashboard in written():
        shown = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        variables = dashboard["templating"]["list"]
        sources = [each["datasource"] for panel in shown for each in (panel, *panel["targets"])]
        assert {source["uid"] for source in [*sources, *(each["datasource"] for each in variables)]} == {uid}
        assert all(len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) for panel in shown)


def test_variables_that_are_used_are_there() -> None:
    for dashboard, spec in zip(written(), DASHBOARDS, strict=True):
        names = {each["name"] for each in dashboard["templating"]["list"]}
        used = {name for panel in spec.panels for target in panel.targets for name in re.findall(r"\$(\w+)", target)}
        assert used == names


@pytest.mark.parametrize("panel", PANELS)
def test_panel_says_what_it_means_and_asks_for_documented_metrics(panel: Panel) -> None:
    assert panel.says.endswith(".")
    rows = documented()
    for target in panel.targets:
        assert target.count("(") == target.count(")")
        found = NAME.findall(target)
        assert len(found) + sum(target.count(name) for name in OF_STATSD) == target.count("stats.")
        for kind, name in found:
            for each in alternatives(name.replace("$route", "*")):
                metric, _, figure = each.rpartition(".") if kind in FIGURES else (each, "", "")
                assert figure in FIGURES.get(kind, {""})
                assert any(meet(metric, row) and by == KINDS[kind] for row, by in rows), each
