"""Accounts, sessions, favourites, the durable queue of films, what upstream said and how it is served.

The previous release runs on this schema while it is rolled out: add nullable columns or defaults, drop only what
no running code reads. env.py sets lock_timeout, so a migration that would block traffic fails instead.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_0544_main_job"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "film",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("kinopoisk_id > 0", name=op.f("ck_film_kinopoisk_id_positive")),
        sa.PrimaryKeyConstraint("kinopoisk_id", name=op.f("pk_film")),
    )
    op.create_table(
        "film_source",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kinopoisk_id > 0", name=op.f("ck_film_source_kinopoisk_id_positive")),
        sa.PrimaryKeyConstraint("kinopoisk_id", name=op.f("pk_film_source")),
    )
    op.create_table(
        "film_sync",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("misses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'ready', 'not_found', 'failed')", name=op.f("ck_film_sync_status_known")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_film_sync_attempts_not_negative")),
        sa.CheckConstraint("kinopoisk_id > 0", name=op.f("ck_film_sync_kinopoisk_id_positive")),
        sa.PrimaryKeyConstraint("kinopoisk_id", name=op.f("pk_film_sync")),
    )
    op.create_index(op.f("ix_film_sync_next_attempt_at"), "film_sync", ["next_attempt_at"], unique=False)
    op.create_table(
        "upstream_gate",
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason IN ('quota', 'refused', 'too_fast')", name=op.f("ck_upstream_gate_reason_known")),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_upstream_gate")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_folded", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username_folded", name=op.f("uq_user_account_username_folded")),
    )
    op.create_table(
        "favourite",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["kinopoisk_id"], ["film_sync.kinopoisk_id"], name=op.f("fk_favourite_kinopoisk_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_favourite_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kinopoisk_id", name=op.f("pk_favourite")),
    )
    op.create_index(
        "ix_favourite_newest",
        "favourite",
        ["user_id", sa.literal_column("added_at DESC"), sa.literal_column("kinopoisk_id DESC")],
        unique=False,
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_index(op.f("ix_session_expires_at"), table_name="session")
    op.drop_table("session")
    op.drop_index("ix_favourite_newest", table_name="favourite")
    op.drop_table("favourite")
    op.drop_table("user_account")
    op.drop_table("upstream_gate")
    op.drop_index(op.f("ix_film_sync_next_attempt_at"), table_name="film_sync")
    op.drop_table("film_sync")
    op.drop_table("film_source")
    op.drop_table("film")
