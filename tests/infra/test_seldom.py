"""Against floods: what passes and when."""

import pytest

from shared import seldom
from shared.seldom import Seldom


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("shared.seldom.time.monotonic", clock)
    return clock


@pytest.mark.parametrize(("later", "passes"), [(59.9, False), (60.0, True)])
def test_the_same_passes_again_after_its_time(clock: Clock, later: float, passes: bool) -> None:
    rare = Seldom(60)
    assert rare.allows("fire")
    clock.now += later
    assert rare.allows("fire") is passes


@pytest.mark.usefixtures("clock")
def test_one_kind_holds_up_no_other() -> None:
    rare = Seldom(60)
    assert [rare.allows("fire"), rare.allows("water")] == [True, True]


@pytest.mark.usefixtures("clock")
def test_however_many_kinds_there_are_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seldom, "MOST_KINDS", 2)
    rare = Seldom(60)
    assert [rare.allows(kind) for kind in "abca"] == [True] * 4
