"""`make run` in small: the real launcher and real servers (forgetful, for speed), stand-ins for our own programs."""

import os
import sys
from functools import partial

from dev import launcher, run
from dev.postgres import embedded_postgres

STANDIN = "tests.launcher.standin"


def main() -> int:
    for name in ("api", "worker", "sandbox", "migration"):
        setattr(launcher, name.upper(), [STANDIN, name])
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
        del os.environ[name]  # the launcher is measured, the stand-ins need not be
    vars(launcher)["embedded_postgres"] = partial(embedded_postgres, durable=False)
    return run.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
