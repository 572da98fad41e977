"""The log: head, events, commands, unique keys, digests, persons' keys and snapshots."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WRITTEN_ONCE = {
    "events": ("position = NEW.position", "stream = NEW.stream AND version = NEW.version"),
    "commands": ("number = NEW.number", "id = NEW.id"),
}
"""Each table with what names a row of it."""


def upgrade() -> None:
    op.create_table(
        "head",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("log_id", sa.String(36), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("commands", NUMBER, nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("idle", sa.String(64), nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.CheckConstraint('"only" = 1'),
    )
    op.create_table(
        "events",
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.UniqueConstraint("stream", "version"),
    )
    op.create_index("events_by_moment", "events", ["recorded_at"])
    op.create_table(
        "commands",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_position", NUMBER),
        sa.Column("last_position", NUMBER),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
    )
    op.create_table(
        "unique_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("stream", sa.Text, nullable=False),
    )
    op.create_table(
        "digests",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False, index=True),
        sa.Column("key_number", sa.Integer, nullable=False),
        sa.UniqueConstraint("stream", "name"),
    )
    op.create_table(
        "person_keys",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("wrapped", sa.LargeBinary),
    )
    op.create_table(
        "snapshots",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("shape", sa.String(64), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    """What is written once can be neither changed nor deleted, whoever asks (design, section 4.6)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME; END $$"
        )
    for table in WRITTEN_ONCE:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        # INSERT OR REPLACE deletes without asking the triggers of DELETE.
        for number, names in enumerate(WRITTEN_ONCE[table], 1):
            there_is_one = f"EXISTS (SELECT 1 FROM {table} WHERE {names})"  # noqa: S608
            op.execute(
                f"CREATE TRIGGER {table}_refuse_replace_{number} BEFORE INSERT ON {table} "
                f"WHEN {there_is_one} BEGIN SELECT RAISE(ABORT, 'rows of {table} are written once'); END"
            )
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are written once'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("a log is never taken apart")
