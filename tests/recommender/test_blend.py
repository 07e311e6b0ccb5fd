"""The kinds of evidence in one."""

import numpy as np
import pytest

from shared.recommendations import COLLABORATIVE, CONTENT, SIMILAR
from worker.recommender.blend import Neighbours, blend, shares
from worker.recommender.edges import Edges, Found, edges

FILMS = 60


def kind(*entries: tuple[int, int, float]) -> Edges:
    """Edges of one kind, each (source, target, weight)."""
    source, target, weight = zip(*entries, strict=True) if entries else ((), (), ())
    return edges(FILMS, [Found(np.array(source, int), np.array(target, int), np.array(weight, np.float32))])


def blended(collaborative: Edges, similar: Edges, content: Edges, people: int = 0) -> Neighbours:
    return blend([collaborative, similar, content], shares(np.full(FILMS, people), [1, 1, 1]))


def test_without_people_kinopoisk_counts_most_and_people_least() -> None:
    share = shares(np.array([0]), [1, 1, 1])
    assert share[:, 0].tolist() == pytest.approx([0.25, 1.1, 0.33])


def test_with_many_people_they_count_most() -> None:
    share = shares(np.array([180]), [1, 1, 1])  # evidence .9
    assert share[:, 0].tolist() == pytest.approx([0.925, 0.2, 0.06])


def test_each_kind_is_divided_by_its_mass() -> None:
    one, other = shares(np.array([5]), [1, 1, 1]), shares(np.array([5]), [2, 4, 8])
    assert (one / other)[:, 0].tolist() == pytest.approx([2, 4, 8])


def test_evidence_adds_up_and_the_largest_part_gives_the_kind() -> None:
    found = blended(kind((0, 1, 1.0)), kind((0, 1, 1.0), (0, 2, 1.0)), kind((0, 1, 1.0), (0, 3, 1.0)))
    target, weight, kinds = found.row(0)
    assert target.tolist() == [1, 2, 3]
    assert weight.tolist() == pytest.approx([0.25 + 1.1 + 0.33, 1.1, 0.33])
    assert kinds.tolist() == [SIMILAR, SIMILAR, CONTENT]


def test_what_people_say_gives_the_kind_where_many_have_the_film() -> None:
    found = blended(kind((0, 1, 1.0)), kind((0, 1, 1.0)), kind(), people=180)
    assert found.row(0)[2].tolist() == [COLLABORATIVE]


def test_the_fifty_strongest_stay_strongest_first() -> None:
    found = blended(kind(*((0, film, float(film)) for film in range(1, FILMS))), kind(), kind())
    assert found.row(0)[0].tolist() == list(range(59, 9, -1))


def test_the_mass_is_the_mean_over_films_that_are_led_to() -> None:
    assert kind((0, 1, 1.0), (2, 1, 2.0), (0, 3, 5.0)).mass() == 4
    assert kind().mass() == 1
