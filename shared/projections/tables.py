"""The tables of whatever follows a feed: how far it has come, and what it has parked."""

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

from shared.log.tables import Number

metadata = MetaData()

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("position", Number, nullable=False),
    Column("version", Integer, nullable=False),
)

parked = Table(
    "parked",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("parked_at", String(27), nullable=False),
)
