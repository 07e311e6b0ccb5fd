"""Which films are taken for parts of one story, by their titles."""

import pytest

from bench.offline.franchises import franchise, sequels


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Toy Story", "toy story"),
        ("Toy Story 3 (2010)", "toy story"),
        ("Rocky II", "rocky"),
        ("The Godfather: Part II", "the godfather"),
        ("Harry Potter and the Deathly Hallows: Part 2", "harry potter and the deathly hallows"),
        ("Kill Bill: Vol. 1 (2003)", "kill bill"),
        ("Taken Part 2", "taken"),
        ("Mission: Impossible - Fallout", "mission"),
        ("Брат 2", "брат"),
        ("Spider-Man", "spider-man"),
        ("Se7en", "se7en"),
        ("2012", "2012"),
        ("X", "x"),
        ("(1999)", ""),
    ],
)
def test_what_a_title_shares_with_its_sequels(title: str, name: str) -> None:
    assert franchise(title) == name


def test_films_of_one_franchise_have_each_other() -> None:
    titles = {1: "Alien", 2: "Aliens", 3: "Alien 3", 4: "Alien: Resurrection", 5: "", 6: ""}
    assert sequels(titles) == {1: [3, 4], 3: [1, 4], 4: [1, 3]}
