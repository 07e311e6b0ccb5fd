"""What a broken model is stopped by."""

import numpy as np
import pytest

from worker.recommender.blend import neighbours
from worker.recommender.gate import Standing, flaw, standing

GOOD = Standing(100, 50, 0.1)
FINE = neighbours(1, [(np.array([1]), np.array([0.5]), np.array([0]))])


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (Standing(79, 50, 0.1), "79 films have neighbours"),
        (Standing(100, 39, 0.1), "the median film has 39 neighbours"),
        (Standing(0, None, None), "0 films have neighbours"),
        (Standing(100, 50, 0.0899), "nDCG@10 is 0.0899"),
    ],
)
def test_a_worse_model_is_refused(new: Standing, why: str) -> None:
    assert (flaw(new, GOOD, FINE) or "").startswith(why)


@pytest.mark.parametrize("new", [Standing(80, 40, 0.091), Standing(100, 50, None)])
def test_a_model_that_is_nearly_as_good_passes(new: Standing) -> None:
    assert flaw(new, GOOD, FINE) is None


def test_the_first_model_passes() -> None:
    assert flaw(Standing(3, 1, 0.01), Standing(0, None, None), FINE) is None


def test_weights_that_are_no_numbers_are_refused() -> None:
    broken = neighbours(1, [(np.array([1]), np.array([np.nan]), np.array([0]))])
    assert flaw(standing(broken, 0.1), Standing(0, None, None), broken) == "some weights are no numbers"
