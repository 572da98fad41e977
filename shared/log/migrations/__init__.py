"""The schema of a service's store, step by step; applied on command, never at a worker's start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from shared.log.store import Store

WRITTEN_ONCE = ("events", "commands", "access_log")
OWN_TABLES = text(
    "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
)


def migrate(store: Store, role: str | None = None) -> None:
    """Bring a store's schema up to date.

    Args:
        store: opened as the schema's owner.
        role: on PostgreSQL, the service's own role; it is granted what it needs, and neither UPDATE nor
            DELETE on what is written once.
    """
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    with store.write() as connection:
        if store.on_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gonghui migration'))"))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        if store.on_postgresql and role is not None:
            quoted = connection.dialect.identifier_preparer.quote(role)
            # Not on all: those of projections are the service's own, and nobody grants what is another's.
            for table in connection.execute(OWN_TABLES).scalars():
                connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {quoted}"))
            for table in WRITTEN_ONCE:
                connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}"))
            connection.execute(text(f"GRANT USAGE, CREATE ON SCHEMA public TO {quoted}"))
