"""Verifying the table of digests: each is worked out again from the value that an event has sealed."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from shared.log.sealing import InvalidTag, Vault
from shared.log.store import among
from shared.log.streams import sealed_values
from shared.log.tables import digests, events
from shared.log.verify_chunk import Finding, read_event_facts
from shared.rules.personal import Personal, Sealed

PAGE = 500


def wrong_digests(connection: Connection, vault: Vault) -> list[Finding]:
    """A finding for each row whose digest, person or key number is not what the log leads to."""
    found: list[Finding] = []
    rows = connection.execute(select(digests).execution_options(yield_per=PAGE))
    for page in rows.partitions():
        held = _held(connection, {row.stream for row in page})
        values = [held.get((row.stream, row.name)) for row in page]
        for row, value, clear in zip(page, values, _clear(connection, vault, values), strict=True):
            person_id = value.content.person_id if value and isinstance(value.content, Sealed) else None
            as_told = isinstance(clear, str) and vault.digest(row.name, clear) == row.digest
            if not as_told or row.person_id != person_id or row.key_number != vault.key_number:
                found.append(Finding("keys.differ", f"digests: {row.stream}, {row.name}"))
    return found


def _held(connection: Connection, streams: set[str]) -> dict[tuple[str, str], Personal[Any]]:
    """The values of the personal keys that streams hold, by stream and name, still sealed."""
    held: dict[tuple[str, str], Personal[Any]] = {}
    of_streams = select(events).where(among(connection, events.c.stream, streams))
    for row in connection.execute(of_streams.order_by(events.c.position)):
        with suppress(msgspec.MsgspecError):  # such an event has a finding of its own
            facts = read_event_facts(row.public)
            for name in facts.keys.personal_releases:
                held.pop((row.stream, name), None)
            if facts.keys.personal_takes:
                values = sealed_values(f"{facts.log_id}/{row.stream}/{row.version}", row.sealed)
                held |= {
                    (row.stream, name): values[name] for name in facts.keys.personal_takes if name in values
                }
    return held


def _clear(connection: Connection, vault: Vault, values: Sequence[Personal[Any] | None]) -> list[Any]:
    """The values as the vault opens them; None for one that it cannot open."""
    try:
        return list(vault.open_many(connection, values))
    except InvalidTag:
        if len(values) == 1:
            return [None]
        return [clear for value in values for clear in _clear(connection, vault, [value])]
