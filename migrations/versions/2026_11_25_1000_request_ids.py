"""Wishes for films: since when somebody waits, and the id of the request that asked.

The previous release clears neither when it finishes a film; the next finish by this one does.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_1000_request_ids"
down_revision = "2026_11_25_0700_recommendations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film_sync", sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("film_sync", sa.Column("request_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("film_sync", "request_id")
    op.drop_column("film_sync", "requested_at")
