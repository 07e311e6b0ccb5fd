"""The neighbours of all films, or the ones in use with those of a few films found anew."""

from collections.abc import Callable

from worker.recommender.blend import Neighbours, blend, shares
from worker.recommender.changes import concerned, merged
from worker.recommender.collaborative import collaborative
from worker.recommender.content import content
from worker.recommender.load import Loaded
from worker.recommender.similar import similar

Done = Callable[[int], None]


def find(loaded: Loaded, done: Done) -> tuple[Neighbours, list[float]]:
    """And by what the edges of each kind were divided; `done` hears how many films are ready."""
    films, given = loaded.films, loaded.given
    parts = [collaborative(given, loaded.targets(), done), similar(films, loaded.lists), content(films)]
    if loaded.kept is None:
        masses = [part.mass() for part in parts]
        return blend(parts, shares(given.counts(), masses)), masses
    in_use, changed = loaded.kept
    parts = [concerned(part, changed, films) for part in parts]
    fresh = blend(parts, shares(given.counts(), in_use.masses))
    return merged(in_use.neighbours, fresh, changed), in_use.masses
