"""`python -m bench.main_job [--quick] [row …]`: measure the rows of the main job, each beside its target."""

import sys

from bench import runner
from bench.rows import (
    add_to_ready,
    add_under_slow_upstream,
    fresh_clone,
    memory_at_rest,
    profile_while_upstream_hangs,
    redis_away,
    twenty_users_one_film,
)

ROWS = runner.by_name(
    (
        fresh_clone,
        add_under_slow_upstream,
        add_to_ready,
        twenty_users_one_film,
        redis_away,
        profile_while_upstream_hangs,
        memory_at_rest,
    )
)

if __name__ == "__main__":
    sys.exit(runner.run("bench.main_job", ROWS, sys.argv[1:]))
