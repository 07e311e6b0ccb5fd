"""From a request to a point in a panel: the service, StatsD, Carbon and Graphite as they really are."""

import re
import time
from collections.abc import Callable

import httpx

from e2e.conftest import Run
from e2e.graphite import points
from e2e.targets import all_targets
from tests.infra.test_metric_names import documented

SEEN_SECONDS = 10
FIGURES = {
    "counters": {"rate", "count"},
    "timers": {"count", "sum", "mean", "lower", "upper", "upper_50", "upper_95", "upper_99"},
    "gauges": {""},
}
TOLD_BY = {"counters": "count", "timers": "timing", "gauges": "gauge"}


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_a_request_is_seen_in_graphite_within_ten_seconds(run: Run) -> None:
    counter = "stats.counters.kinoshelf.http.requests.GET_genres.200.count"
    seen = sum(points(run.graphite.render(counter)))
    httpx.get(f"{run.service.url}/genres", trust_env=False)
    assert until(lambda: sum(points(run.graphite.render(counter))) == seen + 1, SEEN_SECONDS)


def test_every_target_of_every_panel_has_data(run: Run) -> None:
    empty = all_targets()

    def all_there() -> bool:
        empty[:] = [asked for asked in empty if not points(run.graphite.render(asked.target))]
        return not empty

    run.traffic.until(all_there)
    assert empty == []


def test_every_name_that_arrives_is_documented(run: Run) -> None:
    rows = {(re.sub(r"\\\*", r"[\\w-]+", re.escape(row)), by) for row, by in documented()}
    ours = [name.split(".") for name in run.graphite.names() if name.startswith("stats.") and ".kinoshelf." in name]
    strange = []
    for _, kind, _, *words in ours:
        figure = words.pop() if kind != "gauges" else ""
        known = any(by == TOLD_BY[kind] and re.fullmatch(row, ".".join(words)) for row, by in rows)
        if not known or figure not in FIGURES[kind]:
            strange.append((kind, ".".join(words), figure))
    assert ours
    assert strange == []


def test_statsd_reads_every_line(run: Run) -> None:
    assert sum(points(run.graphite.render("stats.counters.statsd.metrics_received.count", "-20min"))) > 0
    assert sum(points(run.graphite.render("stats.counters.statsd.bad_lines_seen.count", "-20min"))) == 0


def test_no_secret_is_in_a_name_or_in_the_log(run: Run) -> None:
    run.traffic.refused()
    names = "\n".join(run.graphite.names())
    assert [secret for secret in run.secrets() if secret in names] == []
    log = run.service.log.read_text()
    assert [secret for secret in run.secrets() if secret in log] == []
