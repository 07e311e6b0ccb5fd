"""Who the demo registers, what they look for and what they like: well-known films by their Kinopoisk ids."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A user of the demo."""

    username: str
    searches: tuple[str, ...]
    favourites: tuple[int, ...]


PEOPLE = (
    Person(
        "demo.anna",  # Soviet comedies and old friends
        ("Бриллиантовая рука", "Служебный роман"),
        (42664, 42782, 45146, 44386, 44745, 46708, 44168, 43869, 77335, 44811, 46225, 46089, 41519),
    ),
    Person(
        "demo.boris",  # science fiction
        ("Матрица", "Интерстеллар"),
        (301, 258687, 447301, 409424, 476, 2656, 444, 841700, 1236063, 505851, 251733, 111543, 538225),
    ),
    Person(
        "demo.vera",  # animation
        ("Шрэк", "Унесённые призраками"),
        (370, 49684, 430, 775276, 89514, 679486, 2360, 279102, 280172, 645118, 325381, 458, 493208, 775273),
    ),
    Person(
        "demo.gleb",  # crime
        ("Джентльмены", "Криминальное чтиво"),
        (342, 1143242, 389, 377, 345, 526, 41519, 41520, 462682, 361, 326, 435, 111543, 81314),
    ),
    Person(
        "demo.dina",  # fantasy
        ("Гарри Поттер", "Властелин колец"),
        (328, 312, 3498, 278522, 689, 688, 322, 8408, 4374, 63991, 797840, 430),
    ),
    Person(
        "demo.egor",  # a little of everything, just arrived
        ("1+1",),
        (535341, 448, 1108577, 326, 301, 258687, 8124, 195334),
    ),
)
