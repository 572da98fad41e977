"""The tables of replicas: other services' events without their personal parts, and where each stands."""

from sqlalchemy import Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

from shared.log.tables import Number

metadata = MetaData()

replicas = Table(
    "replicas",
    metadata,
    Column("source", Text, primary_key=True),
    Column("log_id", String(36), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("position", Number, nullable=False),
    Column("recorded_at", String(27), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("stopped", Text),
)

replica_events = Table(
    "replica_events",
    metadata,
    Column("source", Text, primary_key=True),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("version", Number, nullable=False),
    Column("type", Text, nullable=False),
    Column("recorded_at", String(27), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("public", Text, nullable=False),
)

feed_levels = Table(
    "feed_levels",
    metadata,
    Column("source", Text, primary_key=True),
    Column("level_at", Float, nullable=False),
)
