"""How many leases of a film were lost in a row; the length of request ids.

The previous release neither counts lost leases nor clears them: a film that it has fetched stays a suspect until this
one does.

The constraint holds for what is written from now on. To check what is there would lock the table for as long as it
takes to read it, and whoever wrote that kept to the same length.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_1920_lost_leases"
down_revision = "2026_11_25_1000_request_ids"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film_sync", sa.Column("lost_leases", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_film_sync_request_id_length"), "film_sync", "length(request_id) <= 64", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_film_sync_request_id_length"), "film_sync", type_="check")
    op.drop_column("film_sync", "lost_leases")
