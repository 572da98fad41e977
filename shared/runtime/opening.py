"""Opening a service's log from its settings, and preparing its store beforehand."""

from pathlib import Path
from secrets import token_hex

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from shared.log.log import Head, Log, NotFounded, head_of
from shared.log.sealing import KEY_BYTES, Vault
from shared.log.store import PATIENCE_SECONDS, Store
from shared.log.tables import head
from shared.rules.language import Language
from shared.runtime.founding import found
from shared.runtime.secret_files import write_once
from shared.runtime.settings import Settings, read_master_key
from shared.runtime.signing_keys import make_signing_key

CONNECTIONS = 12
"""How many may read at once where nobody says: enough for a worker's threads and for an operator."""
LONG_PATIENCE_SECONDS = 600.0
"""How long an answer is waited for by whoever migrates, verifies or rebuilds."""


def open_store(
    settings: Settings, connections: int = CONNECTIONS, patience_seconds: float = PATIENCE_SECONDS
) -> Store:
    """A service's store, without its master key: enough to read and to verify, not to open or to record.

    Args:
        connections: the most that read at once; an interface needs its workers + 2 (faults.md T-34).
        patience_seconds: how long an answer of the database is waited for.

    Raises:
        NotFounded: there is no such SQLite file; opening it would leave an empty one behind.
    """
    if settings.on_sqlite and not _store_file(settings).exists():
        raise NotFounded("the store holds no log yet")
    return Store(settings.database_url, connections, patience_seconds)


def vault_if_any(settings: Settings) -> Vault | None:
    """The vault of a service, where its master key is at hand. Raises WrongSetting: it is no key."""
    return Vault(read_master_key(settings)) if settings.master_key_file.exists() else None


def open_log(
    settings: Settings,
    language: Language,
    connections: int = CONNECTIONS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Log:
    """A service's log. It is neither migrated nor founded here: ``prepare`` does that, on command.

    Args:
        connections, patience_seconds: as of ``open_store``.

    Raises:
        WrongSetting: the master key is missing or is none.
        NotFounded: there is no such SQLite file.
    """
    key = read_master_key(settings)
    return Log(open_store(settings, connections, patience_seconds), language, Vault(key))


def prepare(settings: Settings, language: Language, role: str | None = None) -> Head:
    """Bring a service's store up to date and found its log, unless it has one; harmless when repeated.

    On SQLite a log that is not founded yet gets its master key here, once. A founded one never does:
    under another key nothing that was sealed before could be opened. A missing signing key is made at any
    time: tokens under a lost one merely end.

    Args:
        role: on PostgreSQL, the service's own role, which is granted what it needs.

    Returns:
        Where the log stands.

    Raises:
        WrongSetting: the master key is missing or is none.
    """
    # Whoever serves never migrates, and is spared the weight of what does.
    from shared.log.migrations import migrate

    if not settings.on_sqlite:
        read_master_key(settings)
    else:
        _store_file(settings).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(settings.database_url, patience_seconds=LONG_PATIENCE_SECONDS)
    try:
        if settings.on_sqlite and not settings.master_key_file.exists() and not _is_founded(store):
            make_master_key(settings.master_key_file)
        if settings.on_sqlite:
            make_signing_key(settings)
        key = read_master_key(settings)
        migrate(store, role)
        return found(Log(store, language, Vault(key)))
    finally:
        store.close()


def make_master_key(file: Path) -> None:
    """Write a new master key that its owner alone may read, unless somebody else has just done so."""
    write_once(file, token_hex(KEY_BYTES) + "\n")


def _is_founded(store: Store) -> bool:
    with store.read() as connection:
        if not inspect(connection).has_table(head.name):
            return False
        try:
            head_of(connection)
        except NotFounded:
            return False
        return True


def _store_file(settings: Settings) -> Path:
    return Path(make_url(settings.database_url).database or "")
