"""A ledger of upstream calls and the budget that follows from it, summaries of films, who waits for which film.

The previous release runs on this schema while it is rolled out: add nullable columns or defaults, drop only what
no running code reads. env.py sets lock_timeout, so a migration that would block traffic fails instead.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_0400_upstream_economy"
down_revision = "2026_11_23_0544_main_job"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upstream_budget",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_limit", sa.Integer(), nullable=True),
        sa.Column("reported_used", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reset_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reset_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_stretch", sa.Float(), server_default=sa.text("1"), nullable=False),
        sa.Column("refresh_wanted_a_day", sa.Float(), nullable=True),
        sa.Column("refresh_left_a_day", sa.Float(), nullable=True),
        sa.Column("forecast_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_upstream_budget_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstream_budget")),
    )
    op.create_table(
        "upstream_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinopoisk_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("probe", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('interactive', 'new', 'refresh', 'catalogue')", name=op.f("ck_upstream_call_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_upstream_call_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstream_call")),
    )
    op.create_index(op.f("ix_upstream_call_at"), "upstream_call", ["at"], unique=False)
    op.create_index(
        "ix_upstream_call_user_id",
        "upstream_call",
        ["user_id", "at"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.add_column("film", sa.Column("detail", sa.Text(), server_default="full", nullable=False))
    op.add_column("film", sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("film", sa.Column("version", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("film", sa.Column("year", sa.Integer(), nullable=True))
    op.add_column("film", sa.Column("votes", sa.Integer(), nullable=True))
    op.add_column("film_source", sa.Column("detail", sa.Text(), server_default="full", nullable=False))
    op.add_column("film_sync", sa.Column("requested_by", sa.Uuid(), nullable=True))
    op.add_column("film_sync", sa.Column("rank", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("film_sync", sa.Column("demand", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("film_sync", sa.Column("views", sa.Float(), server_default=sa.text("0"), nullable=False))
    op.add_column("film_sync", sa.Column("refresh_days", sa.Float(), nullable=True))
    op.add_column("film_sync", sa.Column("refresh_asked_by", sa.Uuid(), nullable=True))
    op.add_column("film_sync", sa.Column("refresh_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_film_sync_refresh",
        "film_sync",
        ["demand", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("priority > 0"),
    )
    op.create_index(
        "ix_film_sync_refresh_asked_by",
        "film_sync",
        ["refresh_asked_by", "refresh_asked_at"],
        unique=False,
        postgresql_where=sa.text("refresh_asked_by IS NOT NULL"),
    )
    op.create_index(
        "ix_film_sync_requested_by",
        "film_sync",
        ["requested_by", "rank"],
        unique=False,
        postgresql_where=sa.text("requested_by IS NOT NULL"),
    )
    op.create_index(
        "ix_film_sync_waiting",
        "film_sync",
        ["rank", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("priority = 0"),
    )
    op.create_foreign_key(
        op.f("fk_film_sync_refresh_asked_by"),
        "film_sync",
        "user_account",
        ["refresh_asked_by"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_foreign_key(
        op.f("fk_film_sync_requested_by"), "film_sync", "user_account", ["requested_by"], ["id"], ondelete="SET NULL"
    )
    op.add_column("upstream_gate", sa.Column("closings", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.drop_constraint(op.f("ck_upstream_gate_reason_known"), "upstream_gate", type_="check")
    op.create_check_constraint(
        op.f("ck_upstream_gate_reason_known"), "upstream_gate", "reason IN ('quota', 'refused', 'too_fast', 'broken')"
    )
    op.create_check_constraint(op.f("ck_film_source_detail_known"), "film_source", "detail IN ('full', 'summary')")
    op.execute(
        """UPDATE film_sync SET refresh_days = greatest(extract(epoch FROM fresh_until - fetched_at) / 86400, 1)
        WHERE status = 'ready'"""
    )
    op.execute(
        "UPDATE film_sync SET priority = 2, demand = -1 WHERE status IN ('not_found', 'failed') AND priority > 0"
    )


def downgrade() -> None:
    op.execute("DELETE FROM film_source WHERE detail = 'summary'")
    op.execute("DELETE FROM film WHERE detail = 'summary'")
    op.execute("DELETE FROM upstream_gate WHERE reason = 'broken'")
    op.drop_constraint(op.f("ck_film_source_detail_known"), "film_source", type_="check")
    op.drop_constraint(op.f("ck_upstream_gate_reason_known"), "upstream_gate", type_="check")
    op.create_check_constraint(
        op.f("ck_upstream_gate_reason_known"), "upstream_gate", "reason IN ('quota', 'refused', 'too_fast')"
    )
    op.drop_column("upstream_gate", "closings")
    op.drop_constraint(op.f("fk_film_sync_requested_by"), "film_sync", type_="foreignkey")
    op.drop_constraint(op.f("fk_film_sync_refresh_asked_by"), "film_sync", type_="foreignkey")
    op.drop_index("ix_film_sync_waiting", table_name="film_sync", postgresql_where=sa.text("priority = 0"))
    op.drop_index(
        "ix_film_sync_requested_by", table_name="film_sync", postgresql_where=sa.text("requested_by IS NOT NULL")
    )
    op.drop_index(
        "ix_film_sync_refresh_asked_by",
        table_name="film_sync",
        postgresql_where=sa.text("refresh_asked_by IS NOT NULL"),
    )
    op.drop_index("ix_film_sync_refresh", table_name="film_sync", postgresql_where=sa.text("priority > 0"))
    op.drop_column("film_sync", "refresh_asked_at")
    op.drop_column("film_sync", "refresh_asked_by")
    op.drop_column("film_sync", "refresh_days")
    op.drop_column("film_sync", "views")
    op.drop_column("film_sync", "demand")
    op.drop_column("film_sync", "rank")
    op.drop_column("film_sync", "requested_by")
    op.drop_column("film_source", "detail")
    op.drop_column("film", "votes")
    op.drop_column("film", "year")
    op.drop_column("film", "version")
    op.drop_column("film", "fetched_at")
    op.drop_column("film", "detail")
    op.drop_index(
        "ix_upstream_call_user_id", table_name="upstream_call", postgresql_where=sa.text("user_id IS NOT NULL")
    )
    op.drop_index(op.f("ix_upstream_call_at"), table_name="upstream_call")
    op.drop_table("upstream_call")
    op.drop_table("upstream_budget")
