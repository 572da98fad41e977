"""Access: when a replica was last level with its source, and hashes of passwords where logins are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_levels",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("level_at", sa.Float, nullable=False),
    )
    # Every store has the same schema, as with replicas; rows stand only where logins are kept.
    op.create_table(
        "credentials",
        sa.Column("login_id", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("a log is never taken apart")
