"""The judge itself: what it must believe, and what it must not."""

import pytest

from tests.faults.history import History, Operation

EXPLICABLE = {
    "nothing": [],
    "an add is seen": [Operation("add", 0, 1), Operation("present", 2, 3)],
    "a look beside an add sees it or not": [Operation("add", 0, 3), Operation("absent", 1, 2)],
    "added again": [
        Operation("add", 0, 1),
        Operation("add", 2, 3),
        Operation("remove", 4, 5),
        Operation("absent", 6, 7),
    ],
    "two at once, either order": [Operation("add", 0, 1), Operation("remove", 2, 5), Operation("add", 3, 4)],
    "not answered and came": [Operation("add", 0), Operation("present", 2, 3)],
    "not answered and never came": [Operation("add", 0), Operation("absent", 2, 3)],
    "not answered and came late": [Operation("add", 0), Operation("absent", 2, 3), Operation("present", 4, 5)],
    "each of two came": [
        Operation("add", 0),
        Operation("present", 1, 2),
        Operation("remove", 3),
        Operation("absent", 5, 6),
    ],
    "removed while it was not there": [Operation("absent", 0, 1), Operation("add", 2, 3), Operation("remove", 4, 5)],
    "a look that nobody answered": [Operation("present", 0), Operation("absent", 1, 2)],
}
INEXPLICABLE = {
    "lost": [Operation("add", 0, 1), Operation("absent", 2, 3)],
    "a ghost": [Operation("present", 0, 1)],
    "risen again": [Operation("add", 0, 1), Operation("remove", 2, 3), Operation("present", 4, 5)],
    "removed without having been": [Operation("remove", 0, 1)],
    "one that was not answered came twice": [
        Operation("add", 0),
        Operation("present", 1, 2),
        Operation("remove", 3, 4),
        Operation("present", 5, 6),
    ],
    "before it was asked for": [Operation("present", 0, 1), Operation("add", 2)],
    "there and gone and there": [
        Operation("add", 0, 9),
        Operation("present", 1, 2),
        Operation("absent", 3, 4),
    ],
}


@pytest.mark.parametrize("name", EXPLICABLE)
def test_what_has_an_explanation(name: str) -> None:
    assert History(EXPLICABLE[name]).explicable()


@pytest.mark.parametrize("name", INEXPLICABLE)
def test_what_has_none(name: str) -> None:
    assert not History(INEXPLICABLE[name]).explicable()


def test_a_long_history_is_judged_in_time_that_grows_with_it() -> None:
    adds_and_looks = [Operation("present" if place % 2 else "add", place, place + 1.5) for place in range(10_000)]
    assert History(adds_and_looks).explicable()
