"""`python -m bench.recommendations [row …]`: how good recommendations are, each row beside its target."""

import sys

from bench import runner
from bench.rows import at_launch, cold_users, global_split, per_user_split, synthetic_tastes

ROWS = runner.by_name((per_user_split, global_split, cold_users, at_launch, synthetic_tastes))

if __name__ == "__main__":
    sys.exit(runner.run("bench.recommendations", ROWS, sys.argv[1:]))
