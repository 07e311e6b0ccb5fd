"""Token buckets in this process, by a clock that the test turns."""

import pytest

from api.buckets import Buckets


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: Buckets, key: str, times: int) -> list[bool]:
    """Which of so many attempts got a token."""
    return [buckets.take(key) == 0 for _ in range(times)]


def test_a_bucket_gives_its_burst_and_no_more(clock: Clock) -> None:
    assert taken(Buckets(rate=2, burst=3, clock=clock), "anna", 5) == [True, True, True, False, False]


def test_it_fills_at_its_rate(clock: Clock) -> None:
    buckets = Buckets(rate=2, burst=3, clock=clock)
    taken(buckets, "anna", 3)
    clock.now += 1
    assert taken(buckets, "anna", 3) == [True, True, False]


def test_it_tells_when_the_next_token_is_there(clock: Clock) -> None:
    buckets = Buckets(rate=2, burst=1, clock=clock)
    buckets.take("anna")
    assert buckets.take("anna") == pytest.approx(0.5)


def test_attempts_without_a_token_cost_none(clock: Clock) -> None:
    buckets = Buckets(rate=1, burst=1, clock=clock)
    taken(buckets, "anna", 50)
    clock.now += 1
    assert buckets.take("anna") == 0


def test_it_is_never_fuller_than_its_burst(clock: Clock) -> None:
    buckets = Buckets(rate=2, burst=2, clock=clock)
    buckets.take("anna")
    clock.now += 1_000
    assert taken(buckets, "anna", 3) == [True, True, False]


def test_each_key_has_a_bucket_of_its_own(clock: Clock) -> None:
    buckets = Buckets(rate=1, burst=1, clock=clock)
    assert [buckets.take(key) == 0 for key in ("anna", "boris", "anna")] == [True, True, False]


def test_beyond_the_bound_the_one_used_longest_ago_is_forgotten(clock: Clock) -> None:
    buckets = Buckets(rate=0.001, burst=1, most=2, clock=clock)
    assert [buckets.take(key) == 0 for key in ("anna", "boris", "anna", "vera")] == [True, True, False, True]
    assert taken(buckets, "anna", 1) == [False]
    assert taken(buckets, "boris", 1) == [True]


def test_a_bucket_can_be_filled(clock: Clock) -> None:
    buckets = Buckets(rate=0.001, burst=1, clock=clock)
    buckets.take("anna")
    buckets.fill("anna")
    assert buckets.take("anna") == 0


def test_what_is_given_back_can_be_taken_again(clock: Clock) -> None:
    buckets = Buckets(rate=1, burst=2, clock=clock)
    taken(buckets, "anna", 2)
    buckets.give_back("anna", 0.5)
    assert taken(buckets, "anna", 1) == [False]
    buckets.give_back("anna", 0.5)
    assert taken(buckets, "anna", 2) == [True, False]


def test_who_is_not_remembered_is_given_nothing_back(clock: Clock) -> None:
    buckets = Buckets(rate=1, burst=1, clock=clock)
    buckets.give_back("anna")
    assert taken(buckets, "anna", 2) == [True, False]
