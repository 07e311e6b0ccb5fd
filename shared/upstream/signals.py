"""The same as /status/upstream, as gauges."""

from typing import Any

from shared import metrics
from shared.upstream import errors


def report(status: dict[str, Any]) -> None:
    """Send them; what is not known is not sent."""
    budget, refresh = status["budget"], status["refresh"]
    for name in ("limit", "used", "left", "under_way"):
        metrics.gauge(f"upstream.budget.{name}", budget[name])
    for entry in budget["classes"]:
        metrics.gauge(f"upstream.budget.{entry['class']}.used", entry["used_last_day"])
        metrics.gauge(f"upstream.budget.{entry['class']}.left", entry["left"])
    gate = status["gate"]
    metrics.gauge("upstream.gate.closed", int(gate["state"] == "closed"))
    metrics.gauge("upstream.gate.key_refused", int(gate["reason"] == errors.KEY_REFUSED))
    metrics.gauge("upstream.breaker.open", int(status["breaker"]["state"] == "open"))
    for name, value in status["backlog"].items():
        metrics.gauge(f"enrichment.backlog.{name}", value)
    for name in ("films", "due", "stretch", "full_cycle_days"):
        metrics.gauge(f"enrichment.refresh.{name}", refresh[name])
