"""The service against the real servers around it: StatsD, Graphite, a Sentry-compatible server. `make test-e2e`."""
