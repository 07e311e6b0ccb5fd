"""The projections that queries serve. Written by shared.enrichment alone; may be truncated and projected again."""

from sqlalchemy import CheckConstraint, Column, Computed, Index, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from shared.tables.base import Moment, metadata

# What a film is found by, each a lexeme: stems of words (Latin ones are stemmed as English), words, whole names as
# "=name" without spaces, and "#" if the film has so many votes that a common word needs to look no further. Written
# as PostgreSQL writes it down, so that alembic sees no difference.
LEXEMES = """
    strip(to_tsvector('russian'::regconfig, names))
    || array_to_tsvector(string_to_array(translate(names, chr(10), ' '::text), ' '::text))
    || array_to_tsvector(string_to_array('='::text || replace(translate(names, ' '::text, ''::text), chr(10),
        chr(10) || '='::text), chr(10)))
    || CASE WHEN votes >= 10000 THEN '#'::tsvector ELSE ''::tsvector END
"""

film = Table(
    "film",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    # The film as clients get it, as JSON text, without its freshness (that is film_sync's).
    Column("document", Text, nullable=False),
    # Whether it has all that Kinopoisk tells, or what a list told; when it was received.
    Column("detail", Text, nullable=False, server_default="full"),
    Column("fetched_at", Moment),
    # Which release's projection this is: an older one is projected anew.
    Column("version", SmallInteger, nullable=False, server_default=text("0")),
    Column("year", Integer),
    Column("votes", Integer),
    # What local search looks at: shared.search_names made the names.
    Column("names", Text),
    Column("lexemes", TSVECTOR, Computed(LEXEMES, persisted=True)),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    Index("ix_film_lexemes", "lexemes", postgresql_using="gin"),
    Index("ix_film_names", "names", postgresql_using="gin", postgresql_ops={"names": "gin_trgm_ops"}),
)
