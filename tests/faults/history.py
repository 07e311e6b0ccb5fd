"""Whether what clients saw has an explanation: some order of all operations that real time allows.

For one user and one film, "is it a favourite?" is a register of one bit. Each add, removal and look has taken effect at
one moment between its call and its answer; one that nobody answered (a cut connection, 5xx) at any moment after its
call, or never. The history is right if one such order gives every answer that was given (linearizability: Herlihy and
Wing, 1990; the search is that of Wing and Gong, 1993, with the memory of Lowe, 2017).
"""

import math
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

# What was learnt: the film was added, was removed, was there; or there was none.
Kind = Literal["add", "remove", "present", "absent"]
CHANGES = {"add": True, "remove": False}
NEEDS = {"remove": True, "present": True, "absent": False}


class Operation(NamedTuple):
    """From the call to the answer, in seconds; `ended` is infinite where no answer came."""

    kind: Kind
    began: float
    ended: float = math.inf

    @property
    def is_change(self) -> bool:
        return self.kind in CHANGES


class Step(NamedTuple):
    """How far an order has come."""

    # All answered ones before this place have taken effect, and these behind it.
    place: int
    ahead: frozenset[int]
    # Of those without an answer.
    unanswered: frozenset[int]
    present: bool


class History:
    """All operations on one film of one user."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        ordered = sorted(operations, key=lambda each: each.began)
        self._answered = [each for each in ordered if each.ended != math.inf]
        self._unanswered = [each for each in ordered if each.ended == math.inf and each.is_change]

    def explicable(self) -> bool:
        """Whether there is such an order, beginning without the film."""
        waiting = [Step(0, frozenset(), frozenset(), present=False)]
        seen = set(waiting)
        while waiting:
            step = waiting.pop()
            if step.place == len(self._answered):
                return True  # whatever was never answered may as well never come
            fresh = [following for following in self._following(step) if following not in seen]
            seen.update(fresh)
            waiting += fresh
        return False

    def _following(self, step: Step) -> list[Step]:
        places, deadline = self._next(step)
        for place in places:
            if not self._answered[place].is_change and self._fits(self._answered[place], step):
                return [self._taken(step, place)]  # it changes nothing, so it can only be right to take it now
        following = [self._taken(step, place) for place in places if self._fits(self._answered[place], step)]
        return [*self._guesses(step, deadline), *following]

    def _next(self, step: Step) -> tuple[list[int], float]:
        """Answered ones that may come next, none of the others being over before they began; by when one must."""
        places, deadline = [], math.inf
        for place in range(step.place, len(self._answered)):
            if self._answered[place].began > deadline:
                break
            if place not in step.ahead:
                places.append(place)
                deadline = min(deadline, self._answered[place].ended)
        return places, deadline

    def _fits(self, operation: Operation, step: Step) -> bool:
        return NEEDS.get(operation.kind, step.present) == step.present

    def _taken(self, step: Step, place: int) -> Step:
        ahead, first = step.ahead | {place}, step.place
        while first in ahead:
            ahead -= {first}
            first += 1
        present = CHANGES.get(self._answered[place].kind, step.present)
        return step._replace(place=first, ahead=ahead, present=present)

    def _guesses(self, step: Step, deadline: float) -> Iterator[Step]:
        """One without an answer takes effect now; only where that makes a difference."""
        for place, operation in enumerate(self._unanswered):
            after = CHANGES[operation.kind]
            if place not in step.unanswered and operation.began <= deadline and after != step.present:
                yield step._replace(unanswered=step.unanswered | {place}, present=after)
