"""The work: which films are wanted and when each is due, what upstream said, whether it may be asked."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.tables.base import Moment, metadata

film_sync = Table(
    "film_sync",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False, server_default="pending"),
    # Also the lease: a claimed film is due again when its lease ends, so work is never orphaned.
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now()),
    # Not null while somebody holds the lease, or where its holder never came to an end.
    Column("claimed_at", Moment),
    # Leases in a row that ran out while somebody held them: an answer ends the row.
    Column("lost_leases", Integer, nullable=False, server_default=text("0")),
    # Fencing token: an answer is stored only by the holder of the latest claim.
    Column("claim_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("misses", Integer, nullable=False, server_default=text("0")),
    # 0 waited for, 1 refresh, 2 unknown to upstream, given up for now, or tried though nobody waits; orders the due
    # films, excludes none.
    Column("priority", SmallInteger, nullable=False, server_default=text("0")),
    # Who waits for it, as long as somebody does, and how many of that user's films waited before it.
    Column("requested_by", Uuid, ForeignKey("user_account.id", ondelete="SET NULL")),
    Column("rank", Integer, nullable=False, server_default=text("0")),
    # Since when somebody waits, and by which request, so that its log can be followed from the API into the worker.
    Column("requested_at", Moment),
    Column("request_id", Text),
    # Orders the refreshes: 0 to 7 by who has it and who looks at it, -1 for those of priority 2.
    Column("demand", SmallInteger, nullable=False, server_default=text("0")),
    # Looks at the film, halved every day.
    Column("views", Float, nullable=False, server_default=text("0")),
    # When the details stored last were received, and until when they count as fresh.
    Column("fetched_at", Moment),
    Column("fresh_until", Moment),
    # After how many days it would be refreshed if the budget had no end; null also where nobody has asked for it.
    Column("refresh_days", Float),
    # The latest refresh that a user asked for.
    Column("refresh_asked_by", Uuid, ForeignKey("user_account.id", ondelete="SET NULL")),
    Column("refresh_asked_at", Moment),
    Column("last_error_code", Text),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    CheckConstraint("status IN ('pending', 'ready', 'not_found', 'failed')", name="status_known"),
    CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    CheckConstraint("length(request_id) <= 64", name="request_id_length"),
)

# What is due is looked for in one of these two. No index of the time alone stands beside them: the planner would take
# it, and all that waits would be read before the few that are looked for.
Index("ix_film_sync_waiting", film_sync.c.rank, film_sync.c.next_attempt_at, postgresql_where=film_sync.c.priority == 0)
Index(
    "ix_film_sync_refresh", film_sync.c.demand, film_sync.c.next_attempt_at, postgresql_where=film_sync.c.priority > 0
)
Index(
    "ix_film_sync_requested_by",
    film_sync.c.requested_by,
    film_sync.c.rank,
    postgresql_where=film_sync.c.requested_by.is_not(None),
)
Index(
    "ix_film_sync_refresh_asked_by",
    film_sync.c.refresh_asked_by,
    film_sync.c.refresh_asked_at,
    postgresql_where=film_sync.c.refresh_asked_by.is_not(None),
)

film_source = Table(
    "film_source",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    # As received; what it left open is filled from the answer before it.
    Column("body", Text, nullable=False),
    # Whether it is the film's own answer or an item of a list.
    Column("detail", Text, nullable=False, server_default="full"),
    Column("fetched_at", Moment, nullable=False),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    CheckConstraint("detail IN ('full', 'summary')", name="detail_known"),
)

# What Kinopoisk says goes with a film, in its order; no film_source, because it is asked for apart from the film.
film_relation = Table(
    "film_relation",
    metadata,
    Column("kinopoisk_id", Integer, primary_key=True, autoincrement=False),
    Column("relation", Text, primary_key=True),
    # What upstream said last; empty also where it has not been asked.
    Column("related", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    # Also the lease of who asks for it.
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("fetched_at", Moment),
    CheckConstraint("kinopoisk_id > 0", name="kinopoisk_id_positive"),
    CheckConstraint("relation IN ('similar', 'sequel')", name="relation_known"),
)

# Kinopoisk's collections, page by page: how far each is loaded, and which films were in it, the first one first.
collection = Table(
    "collection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("films", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("next_page", Integer, nullable=False, server_default=text("1")),
    # Also the lease of who loads a page of it.
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # When the last page of it was received.
    Column("fetched_at", Moment),
)

upstream_call = Table(
    "upstream_call",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp(), index=True),
    Column("kind", Text, nullable=False),
    # Null for a search or a list.
    Column("kinopoisk_id", Integer),
    # Who waited for it, if anybody did.
    Column("user_id", Uuid, ForeignKey("user_account.id", ondelete="SET NULL")),
    Column("probe", Boolean, nullable=False, server_default=text("false")),
    Column("ended_at", Moment),
    # answered, fault, or the code of a refusal.
    Column("outcome", Text),
    CheckConstraint("kind IN ('interactive', 'new', 'refresh', 'catalogue')", name="kind_known"),
)
Index(
    "ix_upstream_call_user_id",
    upstream_call.c.user_id,
    upstream_call.c.at,
    postgresql_where=upstream_call.c.user_id.is_not(None),
)

# One row: what upstream says of the key, and what follows from the ledger.
upstream_budget = Table(
    "upstream_budget",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")),
    Column("asked_at", Moment),
    # Calls of the day by the plan, -1 without a limit, and how many of them upstream had counted at that moment.
    Column("reported_limit", Integer),
    Column("reported_used", Integer),
    Column("reported_at", Moment),
    # The latest new day began between these.
    Column("reset_after", Moment),
    Column("reset_before", Moment),
    # Calls before this belong to another day for sure.
    Column("window_began_at", Moment),
    # By how much refreshes are put off so that they fit the budget, and what that was reckoned from.
    Column("refresh_stretch", Float, nullable=False, server_default=text("1")),
    Column("refresh_wanted_a_day", Float),
    Column("refresh_left_a_day", Float),
    Column("forecast_at", Moment),
    CheckConstraint("id = 1", name="one_row"),
)

# Why nobody may ask, and until when.
upstream_gate = Table(
    "upstream_gate",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("closed_until", Moment, nullable=False),
    # How often it closed without an answer in between.
    Column("closings", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("reason IN ('quota', 'refused', 'too_fast', 'broken')", name="reason_known"),
)
