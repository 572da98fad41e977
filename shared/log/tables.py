"""The tables of a log: events and commands are written once; the others derive from them, or hold keys."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
Number = BigInteger().with_variant(Integer, "sqlite")

head = Table(
    "head",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("log_id", String(36), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("position", Number, nullable=False),
    Column("commands", Number, nullable=False),
    Column("recorded_at", String(27), nullable=False),
    Column("idle", String(64), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("version", Number, nullable=False),
    Column("type", Text, nullable=False),
    Column("recorded_at", String(27), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("public", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    UniqueConstraint("stream", "version"),
    Index("events_by_moment", "recorded_at"),
)

commands = Table(
    "commands",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("first_position", Number),
    Column("last_position", Number),
    Column("digest", String(64), nullable=False),
    Column("public", Text, nullable=False),
    Column("sealed", Text, nullable=False),
)

unique_keys = Table(
    "unique_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("stream", Text, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("person_id", Text, nullable=False, index=True),
    Column("key_number", Integer, nullable=False),
    UniqueConstraint("stream", "name"),
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("wrapped", LargeBinary),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("version", Number, nullable=False),
    Column("shape", String(64), nullable=False),
    Column("state", Text, nullable=False),
)
