"""The truth: accounts, sessions, favourites, films that somebody does not want. Written by api.commands alone."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid, func

from shared.tables.base import Moment, metadata

user_account = Table(
    "user_account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("username", Text, nullable=False),
    Column("username_folded", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
)

session = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("last_seen", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False, index=True),
)

favourite = Table(
    "favourite",
    metadata,
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("kinopoisk_id", Integer, ForeignKey("film_sync.kinopoisk_id"), primary_key=True, autoincrement=False),
    Column("added_at", Moment, nullable=False, server_default=func.clock_timestamp()),
)
Index("ix_favourite_newest", favourite.c.user_id, favourite.c.added_at.desc(), favourite.c.kinopoisk_id.desc())

# "Not interested": never recommended again. A film need not be wanted for it, so there is no work row behind it.
hidden_film = Table(
    "hidden_film",
    metadata,
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("hidden_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
)
Index("ix_hidden_film_newest", hidden_film.c.user_id, hidden_film.c.hidden_at.desc(), hidden_film.c.kinopoisk_id.desc())
