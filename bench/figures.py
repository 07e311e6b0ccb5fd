"""What rows report: figures with their targets, and the statistics behind them."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# Ratings that are not ours to ship, beside the folder of the repository.
MOVIETWEETINGS = Path("../shared/movietweetings")


class CannotMeasure(Exception):
    """The row has no figure; the text says why."""


@dataclass(frozen=True)
class Figure:
    """One line of a row. Without a target it only explains the others; `value` is the number behind what is shown."""

    name: str
    measured: str
    target: str = ""
    met: bool | None = None
    value: float | None = None


class Scale(NamedTuple):
    """How much to measure: everything, or just enough to see that nothing is badly off; and what to compare with."""

    quick: bool = False
    before: str = ""
    movietweetings: Path = MOVIETWEETINGS

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full


def at_most(name: str, value: float, target: float, unit: str, measured: str = "") -> Figure:
    """A figure that must not exceed its target."""
    shown = measured or f"{value:.3g} {unit}"
    return Figure(name, shown, f"≤ {target:g} {unit}", value <= target)


def ratio(name: str, values: Sequence[float], least: float | None = None, most: float | None = None) -> Figure:
    """How many times as much one is as the other, round by round; the median counts."""
    value = statistics.median(values)
    shown = spread(values, "times")
    if least is not None:
        return Figure(name, shown, f"≥ {least:g}", value >= least, value)
    if most is not None:
        return Figure(name, shown, f"≤ {most:g}", value <= most, value)
    return Figure(name, shown, value=value)


def exactly(name: str, value: int, target: int, of: str = "") -> Figure:
    """A count that must be this one."""
    return Figure(name, f"{value}{of}", f"{target}{of}", value == target)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def spread(values: Sequence[float], unit: str) -> str:
    """Median and range of repeated measurements."""
    return f"{_short(statistics.median(values))} {unit} ({_short(min(values))} to {_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def in_ms(seconds: Sequence[float]) -> list[float]:
    return [value * 1000 for value in seconds]
