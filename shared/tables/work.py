"""The work: which films are wanted and when each is due, what upstream said, whether it may be asked."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, SmallInteger, Table, Text, func, text

from shared.tables.base import Moment, metadata

film_sync = Table(
    "film_sync",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False, server_default="pending"),
    # Also the lease: a claimed film is due again when its lease ends, so work is never orphaned.
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now(), index=True),
    # Not null while somebody holds the lease.
    Column("claimed_at", Moment),
    # Fencing token: an answer is stored only by the holder of the latest claim.
    Column("claim_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("misses", Integer, nullable=False, server_default=text("0")),
    # 0 new, 1 refresh, 2 given up for now; orders the due films, excludes none.
    Column("priority", SmallInteger, nullable=False, server_default=text("0")),
    # When the details stored last were received, and until when they count as fresh.
    Column("fetched_at", Moment),
    Column("fresh_until", Moment),
    Column("last_error_code", Text),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    CheckConstraint("status IN ('pending', 'ready', 'not_found', 'failed')", name="status_known"),
    CheckConstraint("attempts >= 0", name="attempts_not_negative"),
)

film_source = Table(
    "film_source",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    # As received; what it left open is filled from the answer before it.
    Column("body", Text, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
)

upstream_gate = Table(
    "upstream_gate",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("closed_until", Moment, nullable=False),
    CheckConstraint("reason IN ('quota', 'refused', 'too_fast')", name="reason_known"),
)
