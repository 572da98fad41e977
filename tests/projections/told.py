"""A feed that is told to a test: envelopes of any events, held in memory."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from shared.log.envelope import Envelope, Facts, Keys, canonical, moment_text
from shared.rules.message import kind_of
from shared.rules.plain import to_plain

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class Told:
    """A feed; positions count from 1."""

    source: str = "fund"
    events: list[Envelope] = field(default_factory=list)

    def tell(self, *events: Any, stream: str | None = None) -> "Told":
        """Add events, each in the stream that its first field names, or in the one given."""
        for event in events:
            data = to_plain(event)
            self.tell_stored(
                kind_of(type(event)).name, data, stream or f"fund/{next(iter(data.values()))}",
                schema=kind_of(type(event)).schema,
            )  # fmt: skip
        return self

    def tell_stored(self, name: str, data: dict[str, Any], stream: str, schema: int = 1) -> "Told":
        """Add an event as it is stored, whether or not any type fits it."""
        position = len(self.events) + 1
        version = sum(each.stream == stream for each in self.events[-200:]) + 1
        recorded_at = moment_text(BEGINNING + timedelta(minutes=position))
        facts = Facts(
            actor_id="clerk",
            causation_id=None,
            command_digest="",
            command_id=str(position),
            correlation_id=str(position),
            data=data,
            effective_on=date(2025, 1, 1),
            epoch=1,
            idle="",
            keys=Keys(),
            log_id="told",
            position=position,
            recorded_at=recorded_at,
            schema=schema,
            stream=stream,
            type=name,
            version=version,
        )
        public = canonical(facts).decode()
        self.events.append(Envelope(position, stream, version, name, recorded_at, b"", public, "{}"))
        return self

    def page(
        self,
        connection: Connection,  # noqa: ARG002 - a Feed
        after: int,
        limit: int,
        types: Collection[str] | None = None,
    ) -> list[Envelope]:
        page = self.events[after : after + limit]
        return page if types is None else [each for each in page if each.type in types]

    def position(self, connection: Connection) -> int:  # noqa: ARG002 - a Feed
        return len(self.events)
