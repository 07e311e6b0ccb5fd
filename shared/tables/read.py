"""The projections that queries serve; may be truncated and made again.

`film` is written by shared.enrichment alone, all others by the worker's recommender.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

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
    Column("rating", REAL),
    # Ids of shared.genres; a genre that upstream invented is in the document only.
    Column("genres", ARRAY(SmallInteger), nullable=False, server_default=text("'{}'")),
    # What local search looks at: shared.search_names made the names.
    Column("names", Text),
    Column("lexemes", TSVECTOR, Computed(LEXEMES, persisted=True)),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    # What has come since the latest refresh of film_trend.
    Index("ix_film_fetched_at", "fetched_at"),
    # What only relations told of, and so hardly more than the name.
    Index("ix_film_undescribed", "kinopoisk_id", postgresql_where=text("detail = 'summary' AND genres = '{}'")),
    Index("ix_film_lexemes", "lexemes", postgresql_using="gin"),
    Index("ix_film_names", "names", postgresql_using="gin", postgresql_ops={"names": "gin_trgm_ops"}),
)

# How a film does at large, whoever asks: one narrow row for each film that may be recommended.
film_trend = Table(
    "film_trend",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("genres", ARRAY(SmallInteger), nullable=False),
    # The smallest id of its franchise, or null.
    Column("franchise", Integer),
    # How good it is by Kinopoisk's ratings, and how much it is favoured at the moment; both 0 to 1.
    Column("prior", REAL, nullable=False),
    Column("trend", REAL, nullable=False),
)

# The best films at large, of each genre and (genre 0) of all: what is shown when nothing is known of a person.
film_chart = Table(
    "film_chart",
    metadata,
    Column("genre", SmallInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("kinopoisk_id", Integer, nullable=False),
)

# Where a favourite leads to: the films most like it, how strongly each, and by what (kinds of shared.recommendations).
film_neighbour = Table(
    "film_neighbour",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("neighbours", ARRAY(Integer), nullable=False),
    Column("weights", ARRAY(REAL), nullable=False),
    Column("kinds", ARRAY(SmallInteger), nullable=False),
    # How many people had it among their favourites when what leads to it was last found.
    Column("favourites", Integer, nullable=False, server_default=text("0")),
)

# One row: the model in use.
recommender_model = Table(
    "recommender_model",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")),
    # Microseconds since 1970 of the latest change of any of these tables: part of the key of every cached answer.
    Column("version", BigInteger, nullable=False),
    # So much a favourite must say to count as much as an average taste does.
    Column("half_row_max", REAL, nullable=False, server_default=text("0")),
    # Of the latest rebuild.
    Column("built_at", Moment),
    Column("seconds", Float),
    Column("users", Integer),
    Column("favourites", BigInteger),
    Column("films", Integer),
    # By what the three kinds of neighbours were divided, so that films can be added between two rebuilds.
    Column("collaborative_mass", Float),
    Column("similar_mass", Float),
    Column("content_mass", Float),
    # nDCG@10 of favourites that were kept from the rebuild; null where there were too few people to tell.
    Column("quality", Float),
    # How many rebuilds have failed since, and before when none is tried again.
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("retry_at", Moment),
    # Of the latest refresh of film_trend and film_chart.
    Column("trend_at", Moment),
    CheckConstraint("id = 1", name="one_row"),
)
