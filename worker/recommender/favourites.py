"""Everybody's favourites, read as PostgreSQL's binary COPY, without the ids of people."""

from typing import NamedTuple

import asyncpg
import numpy as np

from worker.recommender.arrays import Flags, Ints
from worker.recommender.films import Films

# Only the latest of a person's favourites are learnt from: those with thousands would cost most and say least.
LATEST = 200

QUERY = f"""
    SELECT kinopoisk_id, place = 1, uuid_hash(user_id) % 10 = 0
    FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY added_at DESC, kinopoisk_id DESC) AS place
        FROM favourite) AS placed
    WHERE place <= {LATEST} ORDER BY user_id, added_at DESC, kinopoisk_id DESC
"""

# A header, then for each row the number of its fields and each field after its length, at the end two bytes:
# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
HEADER_BYTES = 19
FIELDS = [("fields", ">i2"), ("size_1", ">i4"), ("film", ">i4"), ("size_2", ">i4"), ("newest", "?"), ("size_3", ">i4")]
ROW = np.dtype([*FIELDS, ("asked", "?")])
BYTES_AT_ONCE = 2**20


class Favourites(NamedTuple):
    """One person after the other, of each the newest first."""

    films: Ints
    # How many each person has, and who belongs to the tenth whose newest one tells how good the neighbours are.
    lengths: Ints
    asked: Flags


async def load_favourites(connection: asyncpg.Connection, films: Films) -> Favourites:
    """Each of a film that is in `films`."""
    reader = Reader(films)
    await connection.copy_from_query(QUERY, output=reader.read, format="binary")
    return reader.everything()


class Reader:
    """Takes the bytes as they come."""

    def __init__(self, films: Films) -> None:
        self._films = films
        self._narrow = np.uint16 if len(films.kinopoisk_id) <= np.iinfo(np.uint16).max else np.int32
        self._bytes = bytearray()
        self._read = HEADER_BYTES
        self._pieces: list[tuple[Ints, Flags, Flags]] = []

    async def read(self, chunk: bytes) -> None:
        self._bytes += chunk
        if len(self._bytes) > BYTES_AT_ONCE:
            self._take()

    def everything(self) -> Favourites:
        self._take()
        films, newest, asked = (np.concatenate(column) for column in zip(*self._pieces, strict=True))
        first = np.flatnonzero(newest)
        return Favourites(films, np.diff(first, append=len(films)), asked[first])

    def _take(self) -> None:
        """The whole rows so far."""
        rows = (len(self._bytes) - self._read) // ROW.itemsize
        taken = np.frombuffer(bytes(self._bytes), ROW, rows, self._read)
        del self._bytes[: self._read + rows * ROW.itemsize]
        self._read = 0
        films: Ints = self._films.places(taken["film"]).astype(self._narrow)
        self._pieces.append((films, taken["newest"].copy(), taken["asked"].copy()))
