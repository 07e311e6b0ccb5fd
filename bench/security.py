"""`python -m bench.security [--quick] [row …]`: measure what protects accounts, each row beside its target."""

import sys

from bench import runner
from bench.rows import login_storm, login_timing

ROWS = runner.by_name((login_timing, login_storm))

if __name__ == "__main__":
    sys.exit(runner.run("bench.security", ROWS, sys.argv[1:]))
