"""What the neighbours say for people, and how good that is."""

import numpy as np
import pytest

from worker.recommender.blend import Neighbours, neighbours
from worker.recommender.favourites import Favourites
from worker.recommender.interactions import Interactions, interactions
from worker.recommender.scores import HeldOut, half_row_max, hold_out, quality, scores

NOWHERE = np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int8)


def leading(films: int, leads: dict[int, dict[int, float]]) -> Neighbours:
    rows = [NOWHERE] * films
    for film, to in leads.items():
        rows[film] = (np.array(list(to), np.int32), np.array(list(to.values()), np.float32), np.zeros(len(to), np.int8))
    return neighbours(films, rows)


def of_people(films: int, *favourites: list[int]) -> Interactions:
    everything = np.array([film for each in favourites for film in each], np.uint16)
    return interactions(np.array([len(each) for each in favourites], np.int64), everything, films)


def test_a_favourite_is_half_as_loud_as_the_one_25_places_newer() -> None:
    found = scores(leading(30, {0: {28: 1.0}, 25: {29: 1.0}}), np.arange(26))
    assert found[[28, 29]].tolist() == pytest.approx([1, 0.5])


def test_only_the_latest_hundred_speak() -> None:
    found = scores(leading(120, {99: {110: 1.0}, 100: {111: 1.0}}), np.arange(101))
    assert found[110] > 0
    assert found[111] == 0


def test_half_row_max_is_half_the_best_score_of_the_median_person() -> None:
    given = of_people(4, [0], [1], [2])
    assert half_row_max(leading(4, {0: {3: 0.2}, 1: {3: 0.6}, 2: {3: 1.0}}), given) == pytest.approx(0.3)


def test_half_row_max_without_people_is_zero() -> None:
    assert half_row_max(leading(4, {0: {1: 1.0}}), of_people(4)) == 0


def favourites() -> Favourites:
    return Favourites(np.array([5, 6, 7, 8, 9, 4]), np.array([2, 3, 1]), np.array([True, False, True]))


def test_the_newest_of_those_asked_is_kept_from_the_fit() -> None:
    """The third person has but one."""
    left, held_out = hold_out(favourites(), least=3)
    assert (left.films.tolist(), left.lengths.tolist()) == ([6, 7, 8, 9, 4], [1, 3, 1])
    assert (held_out.person.tolist(), held_out.film.tolist()) == ([0], [5])


def test_with_few_people_nothing_is_kept_from_the_fit() -> None:
    left, held_out = hold_out(favourites(), least=4)
    assert left.films.tolist() == favourites().films.tolist()
    assert quality(leading(10, {}), of_people(10), held_out) is None


def test_quality_is_the_gain_of_the_place() -> None:
    """Person 0 finds it second, which gains 1 / log2(3); person 1 not at all."""
    leads = leading(5, {0: {3: 0.9, 4: 0.5}, 1: {3: 1.0}})
    held_out = HeldOut(np.array([0, 1]), np.array([4, 4]))
    assert quality(leads, of_people(5, [0], [1]), held_out) == pytest.approx(1 / np.log2(3) / 2)


def test_equal_scores_are_no_merit() -> None:
    leads = leading(20, {0: dict.fromkeys(range(1, 20), 1.0)})
    assert quality(leads, of_people(20, [0]), HeldOut(np.array([0]), np.array([1]))) == 0
