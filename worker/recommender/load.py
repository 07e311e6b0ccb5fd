"""All that a rebuild reads, as it was at one moment."""

from datetime import datetime
from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Ints
from worker.recommender.changes import Changes, InUse, changes, load_masses, load_neighbours
from worker.recommender.favourites import load_favourites
from worker.recommender.films import Films, load_films
from worker.recommender.interactions import Interactions, interactions
from worker.recommender.scores import HeldOut, hold_out
from worker.recommender.similar import Lists, load_lists


class NothingToDo(Exception):
    """No reason to find neighbours; the text says why."""


class Loaded(NamedTuple):
    """What neighbours are found by; where only what has changed is found anew, also that and the model in use."""

    films: Films
    lists: Lists
    given: Interactions
    held_out: HeldOut
    kept: tuple[InUse, Changes] | None
    at: datetime

    def targets(self) -> Ints:
        """The films for which is to be found what leads to them."""
        wanted = self.films.target & self.kept[1].changed if self.kept else self.films.target
        return np.flatnonzero(wanted).astype(np.int32)

    def fitted(self) -> Ints:
        """How many people had each film when what leads to it was found."""
        films = self.films
        return np.where(self.kept[1].changed, films.favourites, films.fitted) if self.kept else films.favourites


async def load(connection: asyncpg.Connection, *, only_changed: bool) -> Loaded:
    """Raises NothingToDo. Before the first full rebuild everything has changed."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        films = await load_films(connection)
        if not films.target.any():
            raise NothingToDo("There is no film to recommend yet.")
        masses = await load_masses(connection) if only_changed else None
        changed = changes(films)
        if masses and not changed.changed.any():
            raise NothingToDo("No film's favourites have changed by much.")
        lists = await load_lists(connection, films)
        favourites, held_out = hold_out(await load_favourites(connection, films))
        given = interactions(favourites.lengths, favourites.films, len(films.kinopoisk_id))
        # Last, when what was only needed on the way is gone: so it takes no more memory than a full rebuild.
        kept = (InUse(await load_neighbours(connection, films), masses), changed) if masses else None
        return Loaded(films, lists, given, held_out, kept, await connection.fetchval("SELECT now()"))
