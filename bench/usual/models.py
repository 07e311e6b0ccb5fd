"""ORM models over the tables of the service, with the columns that the two calls need."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, FetchedValue, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - as SQLAlchemy wants it


class Session(Base):
    __tablename__ = "session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID]
    expires_at: Mapped[datetime]


class FilmSync(Base):
    __tablename__ = "film_sync"
    kinopoisk_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(server_default=FetchedValue())
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    fetched_at: Mapped[datetime | None]
    fresh_until: Mapped[datetime | None]
    last_error_code: Mapped[str | None]


class Film(Base):
    __tablename__ = "film"
    kinopoisk_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str]
    fetched_at: Mapped[datetime | None]


class Favourite(Base):
    __tablename__ = "favourite"
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kinopoisk_id: Mapped[int] = mapped_column(ForeignKey("film_sync.kinopoisk_id"), primary_key=True)
    added_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    sync: Mapped[FilmSync] = relationship(lazy="joined", innerjoin=True)
    film: Mapped[Film | None] = relationship(
        lazy="joined",
        primaryjoin=lambda: Favourite.kinopoisk_id == Film.kinopoisk_id,
        foreign_keys=kinopoisk_id,
        viewonly=True,
    )
