"""What Kinopoisk's lists of similar films say."""

from typing import Any

import numpy as np
import pytest

from tests.recommender.made import films
from worker.recommender.similar import Lists, similar


def lists(*entries: tuple[int, int, int]) -> Lists:
    """Each (source, target, place)."""
    return Lists(*np.array(entries, np.int64).reshape(-1, 3).T)


def weights(found: Lists, **given: Any) -> dict[tuple[int, int], float]:
    edges = similar(films(4, **given), found)
    pairs = zip(edges.source().tolist(), edges.target.tolist(), strict=True)
    return dict(zip(pairs, edges.weight.tolist(), strict=True))


def test_earlier_places_count_more_and_the_way_back_half() -> None:
    assert weights(lists((0, 1, 0), (0, 2, 2))) == {(0, 1): 1, (0, 2): 0.5, (1, 0): 0.5, (2, 0): 0.25}


def test_films_in_each_other_s_lists_get_both() -> None:
    assert weights(lists((0, 1, 0), (1, 0, 0))) == {(0, 1): 1.5, (1, 0): 1.5}


def test_no_film_leads_to_itself_or_to_what_may_not_be_recommended() -> None:
    target = np.array([True, True, False, True])
    assert weights(lists((0, 0, 0), (1, 2, 0)), target=target) == {(2, 1): pytest.approx(0.5)}


def test_no_lists() -> None:
    assert weights(lists()) == {}
