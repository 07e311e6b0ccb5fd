"""What a dashboard consists of, without Grafana's words for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["timeseries", "stat", "bargauge", "state-timeline"]
# From which value on which colour; the first begins at the bottom.
Steps = Sequence[tuple[float | None, str]]

PLAIN: Steps = ((None, "blue"),)
PER_MINUTE, PER_HOUR = "suffix: /min", "suffix: /h"


def getting_worse(amber: float, red: float) -> Steps:
    return ((None, "green"), (amber, "orange"), (red, "red"))


def running_out(red: float, amber: float) -> Steps:
    return ((None, "red"), (red, "orange"), (amber, "green"))


@dataclass(frozen=True)
class Panel:
    """One picture. `says`: what it means when it moves. Widths are of 24."""

    title: str
    says: str
    shows: str | Sequence[str]  # targets of Graphite
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    steps: Steps = PLAIN
    limit_shown: bool = False  # the steps as lines in the picture
    stacked: bool = False
    table: bool = False  # a legend with figures, for many series
    decimals: int | None = None
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # what a value is called, and its colour
    colours: Mapping[str, str] = field(default_factory=dict)  # of series whose name matches
    link: tuple[str, str] | None = None  # title and address

    @property
    def targets(self) -> Sequence[str]:
        return [self.shows] if isinstance(self.shows, str) else self.shows


@dataclass(frozen=True)
class Figure(Panel):
    """One number, and behind it how it came about."""

    kind: Kind = "stat"
    width: int = 4
    height: int = 4


@dataclass(frozen=True)
class Row:
    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """`question`: what somebody opens it for. `choices`: variables by name, with label and source."""

    uid: str
    title: str
    question: str
    rows: Sequence[Row]
    choices: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def panels(self) -> list[Panel]:
        return [panel for row in self.rows for panel in row.panels]
