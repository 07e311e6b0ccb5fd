"""`python -m bench [--quick] [row …]`: every row there is."""

import sys

from bench import economy, main_job, observability, performance, recommendations, runner

ROWS = main_job.ROWS | economy.ROWS | observability.ROWS | performance.ROWS | recommendations.ROWS

if __name__ == "__main__":
    sys.exit(runner.run("bench", ROWS, sys.argv[1:]))
