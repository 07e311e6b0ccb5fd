// StatsD between the service and Graphite. STATSD_FLUSH_SECONDS: how often it hands on what came in; the first archive
// of storage-schemas.conf must be no finer.
{
  flushInterval: 1000 * (process.env.STATSD_FLUSH_SECONDS || 10),
  servers: [
    { server: "./servers/udp", address: process.env.STATSD_ADDRESS || "0.0.0.0", port: process.env.STATSD_PORT || 8125 },
  ],
  // Its console has no password, so it is for this machine (or container) only.
  mgmt_address: "127.0.0.1",
  mgmt_port: process.env.STATSD_CONSOLE_PORT || 8126,

  backends: ["./backends/graphite"],
  graphiteHost: process.env.GRAPHITE_HOST || "127.0.0.1",
  graphitePort: process.env.GRAPHITE_PORT || 2003,
  // The names in docs/metrics.md and in the dashboards depend on these two.
  graphite: { legacyNamespace: false, globalPrefix: "stats" },

  // Of a timing, eight series instead of twenty.
  percentThreshold: [50, 95, 99],
  calculatedTimerMetrics: ["count", "sum", "mean", "lower", "upper", "upper_percent"],

  // A counter that rests is 0 a second, which is true. A timing that rests has no duration, and a gauge that nobody
  // tells any more is not known: better a gap than a line that a dead process left behind. Business figures come once a
  // minute, so that a gauge holds for two.
  deleteCounters: false,
  deleteTimers: true,
  deleteGauges: true,
  gaugesMaxTTL: 120 / (process.env.STATSD_FLUSH_SECONDS || 10),
}
