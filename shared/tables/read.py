"""The projections that queries serve. Written by shared.enrichment alone; may be truncated and projected again."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text

from shared.tables.base import metadata

film = Table(
    "film",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    # The film as clients get it, as JSON text, without its freshness (that is film_sync's).
    Column("document", Text, nullable=False),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
)
