"""Faults on order: what can go wrong, for which calls and how often. How it looks to the client is in fault_answers."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Literal, get_args

from dev.sandbox.checks import NUMBER, at_least, checked, choice

LATENCY = "latency"
# These come instead of an answer, a refusal included.
REPLACING = ("status", "html", "hang", "drop", "garbage", "empty", "redirect", "gzip_bomb")
# These change a good answer, or the way it is sent.
CHANGING = ("nulls", "wrong_types", "unknown_enum", "null_bytes", "bad_utf8", "surrogate", "reset_mid_body", "drip")
KINDS = (LATENCY, *REPLACING, *CHANGING)

Group = Literal["film", "search", "other"]
PATHS = ("any", *get_args(Group))
BODIES = ("json", "empty")

_FIELDS = {
    "kind": (str,),
    "path": (str,),
    "film": (int,),
    "times": (int,),
    "probability": NUMBER,
    "seconds": NUMBER,
    "status": (int,),
    "body": (str,),
}


@dataclass(slots=True)
class Fault:
    kind: str
    path: str = "any"
    film: int | None = None
    times: int | None = None  # how often it still strikes; None: for ever
    probability: float = 1.0
    seconds: float | None = None  # of latency, or between two bytes of a drip
    status: int | None = None
    body: str = "json"  # of a status: "json" or "empty"
    struck: int = 0

    def matches(self, group: Group, film: int | None) -> bool:
        return self.times != 0 and self.path in ("any", group) and self.film in (None, film)

    def strike(self) -> None:
        self.struck += 1
        if self.times is not None:
            self.times -= 1


def parse_fault(body: object) -> Fault:
    """A fault from the control's JSON."""
    fields = checked(body, _FIELDS)
    choice("kind", fields.get("kind", ""), KINDS)
    choice("path", fields.get("path", "any"), PATHS)
    choice("body", fields.get("body", "json"), BODIES)
    for name, least in (("times", 1), ("probability", 0), ("seconds", 0)):
        at_least(name, fields.get(name, least), least)
    first, last = {"html": (500, 599), "redirect": (300, 399)}.get(fields["kind"], (400, 599))
    if not first <= fields.get("status", first) <= last:
        raise ValueError(f"status of this kind must be {first} to {last}")
    return Fault(**fields)


class FaultBox:
    """The faults of one sandbox, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.clear()

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clear(self) -> None:
        self.faults.clear()
        self._random = Random(0)  # the same luck in each run

    def take(self, group: Group, film: int | None, *, refused: bool) -> tuple[float, Fault | None]:
        """Seconds to wait, of all latencies together, and the first other fault that strikes this call."""
        delay, other = 0.0, None
        for fault in self.faults:
            spared = fault.kind in CHANGING and refused
            if spared or (other and fault.kind != LATENCY) or not self._strikes(fault, group, film):
                continue
            fault.strike()
            if fault.kind == LATENCY:
                delay += 1.0 if fault.seconds is None else fault.seconds
            else:
                other = fault
        return delay, other

    def _strikes(self, fault: Fault, group: Group, film: int | None) -> bool:
        return fault.matches(group, film) and (fault.probability >= 1 or self._random.random() < fault.probability)

    def document(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.faults]
