"""`python -m bench.recommendations [row …]`: how good and how fast recommendations are, each row beside its target."""

import sys

from bench import runner
from bench.rows import (
    at_launch,
    cold_users,
    first_day,
    global_split,
    many_favourites,
    new_favourite,
    per_user_split,
    recommendation_hits,
    synthetic_tastes,
)

ROWS = runner.by_name(
    (
        per_user_split,
        global_split,
        cold_users,
        at_launch,
        synthetic_tastes,
        many_favourites,
        first_day,
        new_favourite,
        recommendation_hits,
    )
)

if __name__ == "__main__":
    sys.exit(runner.run("bench.recommendations", ROWS, sys.argv[1:]))
