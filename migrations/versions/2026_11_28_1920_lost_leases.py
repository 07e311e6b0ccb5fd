"""How many leases of a film were lost in a row; the length of request ids; an index less.

The previous release neither counts lost leases nor clears them: a film that it has fetched stays a suspect until this
one does.

The index was taken for refreshes by mistake, and then all films that waited were read before the first of them.

The table is locked while its rows are read for the constraint: about a second for a million films. To check them
after the lock would take a transaction of its own, and so a migration that may end halfway.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_1920_lost_leases"
down_revision = "2026_11_25_1000_request_ids"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film_sync", sa.Column("lost_leases", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_film_sync_request_id_length"), "film_sync", "length(request_id) <= 64")
    op.drop_index(op.f("ix_film_sync_next_attempt_at"), table_name="film_sync")


def downgrade() -> None:
    op.create_index(op.f("ix_film_sync_next_attempt_at"), "film_sync", ["next_attempt_at"], unique=False)
    op.drop_constraint(op.f("ck_film_sync_request_id_length"), "film_sync", type_="check")
    op.drop_column("film_sync", "lost_leases")
