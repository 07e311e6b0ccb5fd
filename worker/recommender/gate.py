"""Whether new neighbours may replace those in use: a broken rebuild must not be published."""

from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.blend import Neighbours

# So much of what the model in use has must the new one have at least.
LEAST_FILMS, LEAST_DEGREE, LEAST_QUALITY = 0.8, 0.8, 0.9

# How many films it had and how good it was as the last full rebuild left it: many small changes must not be allowed
# what one large change is not.
IN_USE = """
    SELECT coalesce((SELECT films FROM recommender_model), count(*)) AS films,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cardinality(neighbours)) AS degree,
        (SELECT quality FROM recommender_model) AS quality
    FROM film_neighbour WHERE neighbours <> '{}'
"""


class Standing(NamedTuple):
    """How good a model is, as far as can be told."""

    films: int  # with neighbours
    degree: float | None  # their median number
    quality: float | None


async def in_use(connection: asyncpg.Connection) -> Standing:
    return Standing(*await connection.fetchrow(IN_USE))


def standing(neighbours: Neighbours, quality: float | None) -> Standing:
    degrees = np.diff(neighbours.start)
    degrees = degrees[degrees > 0]
    return Standing(len(degrees), float(np.median(degrees)) if len(degrees) else None, quality)


def flaw(new: Standing, old: Standing, neighbours: Neighbours) -> str | None:
    """Why the new model must not replace the old one, in one clause."""
    if not np.isfinite(neighbours.weight).all():
        return "some weights are no numbers"
    if new.films < LEAST_FILMS * old.films:
        return f"{new.films} films have neighbours, in the model in use {old.films}"
    if (new.degree or 0) < LEAST_DEGREE * (old.degree or 0):
        return f"the median film has {new.degree:g} neighbours, in the model in use {old.degree:g}"
    if new.quality is not None and new.quality < LEAST_QUALITY * (old.quality or 0):
        return f"nDCG@10 is {new.quality:.4f}, of the model in use {old.quality:.4f}"
    return None
