"""`python -m bench [--quick] [row …]`: every row there is."""

import sys

from bench import economy, main_job, observability, recommendations, runner

if __name__ == "__main__":
    sys.exit(
        runner.run("bench", main_job.ROWS | economy.ROWS | observability.ROWS | recommendations.ROWS, sys.argv[1:])
    )
