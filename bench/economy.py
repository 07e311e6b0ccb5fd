"""`python -m bench.economy [--quick] [row …]`: measure how upstream calls are spent, each row beside its target."""

import sys

from bench import runner
from bench.rows import (
    before_and_after,
    claim_cost,
    fairness,
    flush_and_kill,
    local_search,
    simulated_day,
    single_flight,
    upstream_faults,
)

ROWS = runner.by_name(
    (
        single_flight,
        simulated_day,
        fairness,
        upstream_faults,
        flush_and_kill,
        claim_cost,
        local_search,
        before_and_after,
    )
)

if __name__ == "__main__":
    sys.exit(runner.run("bench.economy", ROWS, sys.argv[1:]))
