"""The access log: refused attempts and looks at personal data, written once like events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("number", NUMBER, sa.Identity(), primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("login_id", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("about_id", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
    )
    op.create_index("access_log_by_moment", "access_log", ["at"])
    op.create_index("access_log_by_person", "access_log", ["person_id", "number"])
    op.create_index("access_log_by_whom_it_is_about", "access_log", ["about_id", "number"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER access_log_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    there_is_one = "EXISTS (SELECT 1 FROM access_log WHERE number = NEW.number)"
    refuse = "BEGIN SELECT RAISE(ABORT, 'rows of access_log are written once'); END"
    # INSERT OR REPLACE deletes without asking the triggers of DELETE.
    op.execute(
        f"CREATE TRIGGER access_log_refuse_replace BEFORE INSERT ON access_log WHEN {there_is_one} {refuse}"
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER access_log_refuse_{change.lower()} BEFORE {change} ON access_log {refuse}"
        )


def downgrade() -> None:
    raise NotImplementedError("a log is never taken apart")
