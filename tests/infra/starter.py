"""`python -m tests.infra.starter api`: start it again and again, importing it once, and tell how each ended.

Reads a list of sets of variables from stdin, writes a list of [exit code, stderr, stdout] to stdout, both as JSON.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Callable


def main() -> None:
    start: Callable[[], int] = importlib.import_module(f"{sys.argv[1]}.__main__").main
    json.dump([ended(start, variables) for variables in json.load(sys.stdin)], sys.stdout)


def ended(start: Callable[[], int], variables: dict[str, str]) -> tuple[int, str, str]:
    """As the interpreter would end it: a traceback on stderr and 1 where nobody caught an exception."""
    before = dict(os.environ)
    os.environ.update(variables)
    told, logged = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(logged):
        try:
            code = start()
        except SystemExit as asked:
            code = asked.code if isinstance(asked.code, int) else 1
        except Exception:
            traceback.print_exc()
            code = 1
    os.environ.clear()
    os.environ.update(before)
    return code, told.getvalue(), logged.getvalue()


if __name__ == "__main__":
    main()
