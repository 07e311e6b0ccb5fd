"""Grafana's dashboards, written down briefly; `make dashboards` makes the files that Grafana reads."""
