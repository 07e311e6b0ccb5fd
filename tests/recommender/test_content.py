"""Which films resemble each other by what they are."""

import numpy as np
import pytest

from tests.recommender.made import films, labels
from worker.recommender.content import content, features
from worker.recommender.edges import Edges


def leads(edges: Edges, film: int) -> list[int]:
    return list(edges.target[edges.start[film] : edges.start[film + 1]])


def test_a_rare_genre_in_common_says_more_than_a_common_one() -> None:
    """Genre 1 is rare: film 0 shares it with film 1, the common genre 2 with film 2."""
    given = films(6, genres=labels({0: [1, 2], 1: [1], 2: [2], 3: [2], 4: [2], 5: [3]}))
    assert leads(content(given), 0)[0] == 1


def test_cosine_by_hand() -> None:
    """Two films of one genre among four: ln 2 each; one of them has another genre, which it alone has: ln 4."""
    given = films(4, genres=labels({0: [1], 1: [1, 2]}))
    found = content(given)
    expected = np.log(2) / np.sqrt(np.log(2) ** 2 + np.log(4) ** 2)
    assert found.weight.tolist() == pytest.approx([expected] * 2)


def test_years_resemble_each_other_by_five_and_by_ten() -> None:
    """1991 and 1996 share the ten years only; 1991 and 1993 both."""
    given = films(4, year=np.array([1991, 1996, 1993, 2020]))
    assert leads(content(given), 0) == [2, 1]


def test_of_films_that_are_the_same_the_better_ones_come_first() -> None:
    prior = np.array([0, 0.2, 0.9, 0.5, 0], np.float32)
    given = films(5, genres=labels({0: [1], 1: [1], 2: [1], 3: [1], 4: [2]}), prior=prior)
    assert leads(content(given), 0) == [2, 3, 1]


def test_fifty_at_most_and_never_itself() -> None:
    given = films(80, genres=labels({film: [1] for film in range(79)}))
    found = content(given)
    assert (np.diff(found.start) == [50] * 79 + [0]).all()
    assert not (found.source() == found.target).any()


def test_a_film_that_may_not_be_recommended_leads_but_is_not_led_to() -> None:
    given = films(3, genres=labels({0: [1], 1: [1]}), target=np.array([False, True, True]))
    found = content(given)
    assert (leads(found, 0), leads(found, 1)) == ([1], [])


def test_nothing_known_leads_nowhere() -> None:
    assert len(content(films(3)).target) == 0
    assert not features(films(3)).any()
