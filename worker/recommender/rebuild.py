"""One rebuild from beginning to end: lock, load, find neighbours, judge them, publish them."""

import time

import asyncpg
import structlog

from shared.recommendations import COLLABORATIVE, CONTENT, SIMILAR
from worker.recommender import gate
from worker.recommender.find import find
from worker.recommender.load import NothingToDo, load
from worker.recommender.memory import peak_mb
from worker.recommender.progress import films_bar
from worker.recommender.publish import Model, publish, rows
from worker.recommender.scores import half_row_max, quality

log = structlog.get_logger()

# One rebuild at a time, of all processes; PostgreSQL lets go when the connection ends, however it ends.
LOCK = "SELECT pg_try_advisory_lock(7421, 2)"


class Refused(Exception):
    """The new neighbours were not published; the text says why."""


async def rebuild(connection: asyncpg.Connection, *, only_changed: bool = False, force: bool = False) -> None:
    """Raises NothingToDo, Refused and what asyncpg raises."""
    started = time.monotonic()
    if not await connection.fetchval(LOCK):
        raise NothingToDo("Another rebuild of recommendations is under way.")
    loaded = await load(connection, only_changed=only_changed)
    with films_bar(len(loaded.targets())) as done:
        neighbours, masses = find(loaded, done)
    judged = gate.standing(neighbours, quality(neighbours, loaded.given, loaded.held_out))
    if not force and (flaw := gate.flaw(judged, await gate.in_use(connection), neighbours)):
        raise Refused(f"The new recommendations were not published: {flaw}. --force publishes them all the same.")
    model = Model(
        half_row_max=half_row_max(neighbours, loaded.given),
        built_at=loaded.at,
        seconds=time.monotonic() - started,
        users=len(loaded.given.of_person) - 1,
        favourites=len(loaded.given.films),
        films=judged.films,
        collaborative_mass=masses[COLLABORATIVE],
        similar_mass=masses[SIMILAR],
        content_mass=masses[CONTENT],
        quality=judged.quality,
    )
    await publish(
        connection, rows(loaded.films, neighbours, loaded.fitted()), model, only_changed=loaded.kept is not None
    )
    figures = {name: getattr(model, name) for name in ("films", "users", "favourites", "quality")}
    log.info("recommendations_rebuilt", **figures, seconds=round(time.monotonic() - started, 3), peak_mb=peak_mb())
