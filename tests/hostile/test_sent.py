"""How hostile requests are counted."""

import pytest

from tests.hostile.sent import KNOWN, LEAST, LEAST_A_CALL, Sent, Tally

ENOUGH = [Sent(call, str(number), 400) for call in KNOWN for number in range(max(LEAST_A_CALL, LEAST // len(KNOWN)))]


def test_a_request_that_is_sent_again_counts_once() -> None:
    assert Tally([Sent("GET /genres", "a", 200), Sent("GET /genres", "a", 400)]).number == 1


def test_enough_is_enough() -> None:
    assert Tally(ENOUGH).is_enough()


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [sent for sent in ENOUGH if sent.call != "GET /genres"],
        ENOUGH[: LEAST - 1],
        [*ENOUGH, Sent("GET /genres", "crash", 500)],
    ],
    ids=["none", "a call left out", "too few", "a crash"],
)
def test_less_or_worse_is_not(requests: list[Sent]) -> None:
    assert not Tally(requests).is_enough()


def test_the_line_says_how_many_to_how_many() -> None:
    sent = [Sent("GET /genres", "a", 200), Sent("GET /genres", "b", 503), Sent("elsewhere", "c", 404)]
    assert Tally(sent).line() == f"3 distinct hostile requests over 1 of {len(KNOWN)} calls, 1 answered 5xx"
