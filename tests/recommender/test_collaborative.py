"""What people's favourites say, held against the formulas written out for dense matrices."""

import numpy as np

from worker.recommender.collaborative import LEAST_WEIGHT, collaborative, nearest, ridge_penalty
from worker.recommender.interactions import Interactions, interactions

FILMS = 12


def of_people(*favourites: list[int], films: int = FILMS) -> Interactions:
    lengths = np.array([len(each) for each in favourites], np.int64)
    return interactions(lengths, np.array([film for each in favourites for film in each], np.uint16), films)


def some_people(count: int = 60, seed: int = 1) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(FILMS)[: rng.integers(1, 8)].tolist() for _ in range(count)]


def dense(people: list[list[int]]) -> np.ndarray:
    matrix = np.zeros((len(people), FILMS))
    for person, films in enumerate(people):
        matrix[person, films] = 1
    return matrix


def test_together_counts_people_who_have_both() -> None:
    people = some_people()
    given, counts = of_people(*people), dense(people).T @ dense(people)
    assert [given.together(film).tolist() for film in range(FILMS)] == counts.tolist()
    assert given.counts().tolist() == np.diag(counts).tolist()


def test_a_weight_is_the_ridge_regression_on_all_films_that_share_people() -> None:
    people = some_people()
    found = collaborative(of_people(*people), np.arange(FILMS))
    counts = dense(people).T @ dense(people)
    expected = np.zeros((FILMS, FILMS))
    for target in range(FILMS):
        near = [film for film in range(FILMS) if film != target and counts[film, target] >= 2]
        normal = counts[np.ix_(near, near)] + ridge_penalty(len(people)) * np.eye(len(near))
        expected[near, target] = np.linalg.solve(normal, counts[near, target])
    expected[expected <= LEAST_WEIGHT] = 0
    stored = np.zeros((FILMS, FILMS))
    stored[found.source(), found.target] = found.weight
    np.testing.assert_allclose(stored, expected, rtol=1e-4, atol=1e-7)


def test_the_penalty_grows_with_the_people_within_bounds() -> None:
    assert [ridge_penalty(people) for people in (0, 1_000, 100_000)] == [30, 75, 300]


def test_neighbours_are_ordered_by_damped_cosine() -> None:
    """By hand: 6 / (sqrt(100 * 9) + 10) = .15, 5 / (sqrt(100 * 4) + 10) = .167, 1 is chance."""
    assert nearest(np.array([100, 6, 5, 1]), np.array([100, 9, 4, 1]), 0).tolist() == [2, 1]


def test_at_most_a_hundred_neighbours() -> None:
    assert len(nearest(np.full(300, 5), np.full(300, 9), 0)) == 100


def test_nobody_has_anything() -> None:
    found = collaborative(of_people(films=3), np.arange(3))
    assert (found.start.tolist(), len(found.target)) == ([0, 0, 0, 0], 0)


def test_it_tells_of_every_film_once() -> None:
    told: list[int] = []
    collaborative(of_people(*some_people(), films=FILMS), np.arange(FILMS), told.append)
    assert sum(told) == FILMS
