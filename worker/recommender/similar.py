"""What Kinopoisk says: its lists of similar films, of which the first ones are the most similar."""

from array import array
from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Ints
from worker.recommender.edges import Edges, Found, edges
from worker.recommender.films import ROWS_AT_ONCE, Films

# A film in the list of another says something about the other as well.
BACK = 0.5

LISTS = "SELECT kinopoisk_id, related FROM film_relation WHERE relation = 'similar' ORDER BY kinopoisk_id"


class Lists(NamedTuple):
    """Film target[k] stands at place[k], counted from 0, in the list of film source[k]."""

    source: Ints
    target: Ints
    place: Ints


async def load_lists(connection: asyncpg.Connection, films: Films) -> Lists:
    """Of films that we know. Within a transaction."""
    source, target, place = array("i"), array("i"), array("i")
    async for film, related in connection.cursor(LISTS, prefetch=ROWS_AT_ONCE):
        source.extend([film] * len(related))
        target.extend(related)
        place.extend(range(len(related)))
    found = Lists(films.places(np.asarray(source)), films.places(np.asarray(target)), np.asarray(place))
    known = (found.source >= 0) & (found.target >= 0)
    return Lists(*(column[known] for column in found))


def similar(films: Films, lists: Lists) -> Edges:
    """From each film to those in its list, weighted by their places as in DCG, and half as much back."""
    count = len(films.kinopoisk_id)
    weight = 1 / np.log2(lists.place + 2)
    there, back = lists.source.astype(np.int64), lists.target.astype(np.int64)
    pairs, pair = np.unique(np.concatenate((there * count + back, back * count + there)), return_inverse=True)
    total = np.bincount(pair, np.concatenate((weight, BACK * weight)), minlength=len(pairs))
    source, target = np.divmod(pairs, max(count, 1))
    allowed = films.target[target] & (source != target)
    return edges(count, [Found(source[allowed], target[allowed], total[allowed])])
