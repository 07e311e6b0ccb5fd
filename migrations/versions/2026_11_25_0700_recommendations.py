"""Recommendations: what people do not want, how films do at large, neighbours of films, Kinopoisk's collections.

Films stored before have neither rating nor genres until they are projected anew, which the worker does by itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_25_0700_recommendations"
down_revision = "2026_11_25_0410_local_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film", sa.Column("rating", sa.REAL(), nullable=True))
    op.add_column("film", sa.Column("genres", postgresql.ARRAY(sa.SmallInteger()), server_default="{}", nullable=False))
    op.create_index("ix_film_fetched_at", "film", ["fetched_at"], unique=False)
    op.create_index(
        "ix_film_undescribed",
        "film",
        ["kinopoisk_id"],
        unique=False,
        postgresql_where=sa.text("detail = 'summary' AND genres = '{}'"),
    )
    op.create_table(
        "hidden_film",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("kinopoisk_id > 0", name=op.f("ck_hidden_film_kinopoisk_id_positive")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_hidden_film_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kinopoisk_id", name=op.f("pk_hidden_film")),
    )
    op.create_index(
        "ix_hidden_film_newest",
        "hidden_film",
        ["user_id", sa.literal_column("hidden_at DESC"), sa.literal_column("kinopoisk_id DESC")],
        unique=False,
    )
    op.create_table(
        "film_trend",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("genres", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("franchise", sa.Integer(), nullable=True),
        sa.Column("prior", sa.REAL(), nullable=False),
        sa.Column("trend", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("kinopoisk_id", name=op.f("pk_film_trend")),
    )
    op.create_table(
        "film_chart",
        sa.Column("genre", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kinopoisk_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("genre", "place", name=op.f("pk_film_chart")),
    )
    op.create_table(
        "film_neighbour",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("neighbours", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("favourites", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("kinopoisk_id", name=op.f("pk_film_neighbour")),
    )
    op.create_table(
        "recommender_model",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("half_row_max", sa.REAL(), server_default=sa.text("0"), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("users", sa.Integer(), nullable=True),
        sa.Column("favourites", sa.BigInteger(), nullable=True),
        sa.Column("films", sa.Integer(), nullable=True),
        sa.Column("collaborative_mass", sa.Float(), nullable=True),
        sa.Column("similar_mass", sa.Float(), nullable=True),
        sa.Column("content_mass", sa.Float(), nullable=True),
        sa.Column("quality", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trend_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_recommender_model_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommender_model")),
    )
    op.create_table(
        "film_relation",
        sa.Column("kinopoisk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("related", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kinopoisk_id > 0", name=op.f("ck_film_relation_kinopoisk_id_positive")),
        sa.CheckConstraint("relation IN ('similar', 'sequel')", name=op.f("ck_film_relation_relation_known")),
        sa.PrimaryKeyConstraint("kinopoisk_id", "relation", name=op.f("pk_film_relation")),
    )
    op.create_table(
        "collection",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("films", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("next_page", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_collection")),
    )


def downgrade() -> None:
    tables = ("collection", "film_relation", "recommender_model", "film_neighbour", "film_chart", "film_trend")
    for table in (*tables, "hidden_film"):
        op.drop_table(table)
    op.drop_index("ix_film_undescribed", table_name="film")
    op.drop_index("ix_film_fetched_at", table_name="film")
    op.drop_column("film", "genres")
    op.drop_column("film", "rating")
