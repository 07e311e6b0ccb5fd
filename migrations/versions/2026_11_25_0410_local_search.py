"""Local search: the names of stored films, and the indexes that find them.

Films stored before have no names and are not found until they are projected anew. pg_trgm is a trusted extension:
the owner of the database may create it. The generated column writes the table anew: for the moment it takes, films
are not read.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "2026_11_25_0410_local_search"
down_revision = "2026_11_25_0400_upstream_economy"
branch_labels = None
depends_on = None

LEXEMES = """
    strip(to_tsvector('russian'::regconfig, names))
    || array_to_tsvector(string_to_array(translate(names, chr(10), ' '::text), ' '::text))
    || array_to_tsvector(string_to_array('='::text || replace(translate(names, ' '::text, ''::text), chr(10),
        chr(10) || '='::text), chr(10)))
    || CASE WHEN votes >= 10000 THEN '#'::tsvector ELSE ''::tsvector END
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.add_column("film", sa.Column("names", sa.Text(), nullable=True))
    op.add_column("film", sa.Column("lexemes", TSVECTOR(), sa.Computed(LEXEMES, persisted=True), nullable=True))
    op.create_index("ix_film_lexemes", "film", ["lexemes"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_film_names",
        "film",
        ["names"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"names": "gin_trgm_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_film_names", table_name="film")
    op.drop_index("ix_film_lexemes", table_name="film")
    op.drop_column("film", "lexemes")
    op.drop_column("film", "names")
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
