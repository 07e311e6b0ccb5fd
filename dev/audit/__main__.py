"""Runs the three checks, in the environment of requirements/audit.txt, and says what it found. Exit codes:

0  nothing but what requirements/audit.toml accepts
1  something that it does not accept
2  a tool failed, so that nothing is known
3  nothing was found, but some packages could not be looked up
"""

import sys
from pathlib import Path

from dev.audit import bills, holes, leaks
from dev.audit.accepted import Accepted
from dev.audit.tools import ROOT, ToolFailed

ACCEPTED = ROOT / "requirements" / "audit.toml"
BILLS = ROOT / ".audit" / "sbom"
FINE, FOUND, FAILED, UNKNOWN = range(4)


def main(accepted: Path = ACCEPTED, folder: Path = BILLS) -> int:
    """The exit code; everything else is printed."""
    try:
        known = Accepted.read(accepted)
        answers = holes.look_up()
        found = holes.report(answers, known) + leaks.report(leaks.scan(), known)
        bills.write(folder)
    except ToolFailed as error:
        print(f"Failed: {error}")
        return FAILED
    if found:
        print(f"\n{found} found. Mend it, or accept it in requirements/{accepted.name} with a reason.")
        return FOUND
    return UNKNOWN if answers.packages else FINE


if __name__ == "__main__":
    sys.exit(main())
