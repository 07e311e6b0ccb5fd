"""`python -m bench.performance [--quick] [--check] [--write] [row …]`: how fast the service is, beside its targets."""

import sys
from collections.abc import Iterable, Sequence

from bench import report, runner
from bench.figures import Figure
from bench.rows import (
    after_the_load,
    api_processes,
    enrichment_speed,
    hot_requests,
    large_database,
    list_while_enriching,
    long_lists,
)

ROWS = runner.by_name(
    (
        hot_requests,
        long_lists,
        large_database,
        api_processes,
        list_while_enriching,
        enrichment_speed,
        after_the_load,
    )
)
CHECKED = "hot_requests"
# Far enough below the targets that only a regression comes there, and no busy machine.
MARGINS = {
    hot_requests.ratio_name(hot_requests.LIST, hot_requests.LIMIT): 0.5,
    hot_requests.ratio_name(hot_requests.ADD, hot_requests.LIMIT): 0.45,
}


def main(arguments: Sequence[str]) -> int:
    """0 when everything was measured, 1 where `--check` finds the service too slow, 2 when something could not be."""
    parser = runner.parser_for("bench.performance", ROWS)
    parser.add_argument("--check", action="store_true", help=f"{CHECKED} in two minutes; fails far below the targets")
    parser.add_argument("--write", action="store_true", help="write what is measured into docs/performance.md")
    chosen = runner.parse(parser, ROWS, arguments)
    if chosen.check:
        chosen.rows, chosen.quick = [CHECKED], True
    outcome = runner.measure_rows(ROWS, chosen)
    if chosen.write:
        report.write(outcome.figures, quick=chosen.quick)
    if outcome.failed:
        return 2
    slow = too_slow(outcome.figures[CHECKED]) if chosen.check else []
    for line in slow:
        print(line)
    return 1 if slow else 0


def too_slow(figures: Iterable[Figure]) -> list[str]:
    """A line for each ratio that is below its margin, or not there at all."""
    found = {figure.name: figure.value or 0.0 for figure in figures}
    return [
        f"{name} is {found.get(name, 0.0):.2f}, less than {least}"
        for name, least in MARGINS.items()
        if found.get(name, 0.0) < least
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
