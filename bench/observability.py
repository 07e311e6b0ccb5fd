"""`python -m bench.observability [--quick] [row …]`: what it costs to be seen."""

import sys

from bench import runner
from bench.rows import capacity, telemetry_cost

ROWS = runner.by_name((telemetry_cost, capacity))

if __name__ == "__main__":
    sys.exit(runner.run("bench.observability", ROWS, sys.argv[1:]))
