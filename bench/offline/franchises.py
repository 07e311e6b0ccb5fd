"""Which films seem to be parts of one story, by their titles alone."""

import re

# "Rocky II", "Alien 3", "Taken Part 2"; not "Se7en", and not "2012", which is nothing but a number.
PART = re.compile(r"(?<=\S)[\s,]+((part|chapter|episode|vol\.?|volume)\s+)?(\d{1,2}|[ivx]{1,5})$")
YEAR = re.compile(r"\s*\(\d{4}\)$")
# "The Hobbit: An Unexpected Journey", "Mission: Impossible - Fallout".
SUBTITLE = re.compile(r"(: | - ).*$")


def franchise(title: str) -> str:
    """What the title shares with those of its sequels; empty if nothing is left."""
    told = YEAR.sub("", title.strip().casefold())
    name = SUBTITLE.sub("", told)
    return PART.sub("", name).strip(" ,:-")


def sequels(titles: dict[int, str]) -> dict[int, list[int]]:
    """For each film the others of its franchise; films without any are left out."""
    by_name: dict[str, list[int]] = {}
    for film, title in titles.items():
        if name := franchise(title):
            by_name.setdefault(name, []).append(film)
    groups = (films for films in by_name.values() if len(films) > 1)
    return {film: [other for other in films if other != film] for films in groups for film in films}
