"""${message}

The previous release runs on this schema while it is rolled out: add nullable columns or defaults, drop only what
no running code reads. env.py sets lock_timeout, so a migration that would block traffic fails instead.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
