"""`python -m bench.performance [--quick] [row …]`: how fast the service is, each row beside its target."""

import sys

from bench import runner
from bench.rows import (
    after_the_load,
    api_processes,
    enrichment_speed,
    hot_requests,
    large_database,
    list_while_enriching,
    long_lists,
)

ROWS = runner.by_name(
    (hot_requests, long_lists, large_database, api_processes, list_while_enriching, enrichment_speed, after_the_load)
)

if __name__ == "__main__":
    sys.exit(runner.run("bench.performance", ROWS, sys.argv[1:]))
