"""The CSV files that bench.recommend reads, checked line by line, and the one that it writes."""

import csv
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

LIKED = ["user", "film", "timestamp"]
FILMS = ["film", "title", "year", "genres"]
RECOMMENDED = ["user", "rank", "film", "score", "because"]

# What both a datetime and PostgreSQL can hold.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC).timestamp()
LATEST = datetime(9999, 12, 30, tzinfo=UTC).timestamp()


class BadFile(Exception):
    """A file cannot be used; the text is one sentence that names it."""


class Liked(NamedTuple):
    """Users and films by name, numbered as they came; row i is: users[i] liked films[i] at that second."""

    user_numbers: dict[str, int]
    film_numbers: dict[str, int]
    users: "array[int]"
    films: "array[int]"
    moments: "array[float]"


class Title(NamedTuple):
    """What is known of a film."""

    title: str
    year: str
    genres: list[str]


def read_liked(file: Path) -> Liked:
    """Interactions or favourites. Raises BadFile."""
    liked = Liked({}, {}, array("i"), array("i"), array("d"))
    for line, (user, film, at) in _rows(file, LIKED):
        _require(user and film, file, line, "the user and the film must not be empty")
        liked.users.append(liked.user_numbers.setdefault(user, len(liked.user_numbers)))
        liked.films.append(liked.film_numbers.setdefault(film, len(liked.film_numbers)))
        liked.moments.append(_moment(at, file, line))
    return liked


def read_titles(file: Path) -> dict[str, Title]:
    """By film; of a film that is told of twice the last word counts. Raises BadFile."""
    titles = {}
    for line, (film, title, year, genres) in _rows(file, FILMS):
        _require(film, file, line, "the film must not be empty")
        _require(not year or (year.isascii() and year.isdigit()), file, line, "the year must be a number or empty")
        titles[film] = Title(title, year, [genre.strip() for genre in genres.split("|") if genre.strip()])
    return titles


def _rows(file: Path, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines below the header with their numbers, each with as many values; blank ones are passed over."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            if next(reader, None) != columns:
                raise BadFile(f"{file} must begin with the line {','.join(columns)}.")
            for row in filter(None, reader):
                _require(len(row) == len(columns), file, reader.line_num, f"there must be {len(columns)} values")
                yield reader.line_num, row
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{file} is not UTF-8 text.") from None
    except csv.Error as error:
        raise BadFile(f"{file}, line {reader.line_num}: this is no CSV ({error}).") from None


def _require(fulfilled: object, file: Path, line: int, demand: str) -> None:
    if not fulfilled:
        raise BadFile(f"{file}, line {line}: {demand}.")


def _moment(text: str, file: Path, line: int) -> float:
    if (value := moment(text)) is None:
        raise BadFile(f"{file}, line {line}: the timestamp must be a number, in seconds since 1970.")
    return value


def moment(text: str) -> float | None:
    """Seconds since 1970, of the years 1 to 9999; None if it is none of these."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if EARLIEST <= value <= LATEST else None


class Recommendations:
    """The file of the lists, open for writing. Raises BadFile."""

    def __init__(self, file: Path) -> None:
        try:
            self._file = file.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise BadFile(f"{file} cannot be written: {error.strerror}.") from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(RECOMMENDED)

    def write(self, user: str, films: Sequence[tuple[str, float, str]]) -> None:
        """One user's list: films, scores and because of which favourite (or nothing), best first."""
        rows = enumerate(films, 1)
        self._writer.writerows((user, rank, film, f"{score:.7g}", because) for rank, (film, score, because) in rows)

    def close(self) -> None:
        self._file.close()
