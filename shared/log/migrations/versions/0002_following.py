"""Following feeds: checkpoints, parked events, and replicas of other services' logs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "parked",
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("parked_at", sa.String(27), nullable=False),
    )
    op.create_table(
        "replicas",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("log_id", sa.String(36), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("stopped", sa.Text),
    )
    op.create_table(
        "replica_events",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("public", sa.Text, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("a log is never taken apart")
