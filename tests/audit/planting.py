"""Planting wrongs: rows are changed straight in the database, and the hashes made to fit them again.

What its owner could do. A log that was sealed again passes every verification that knows no earlier root.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text, update

from shared.log.envelope import canonical, two_part_hash
from shared.log.merkle import Frontier, leaf_hash
from shared.log.store import Store
from shared.log.tables import commands, events, head, unique_keys

TRIGGERS = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")


@dataclass(frozen=True)
class Planted:
    """A log's rows, open to whoever owns the file."""

    connection: Connection

    def event(self, kind: str, **data: Any) -> int:
        """The position of the first event of a type whose data say so."""
        rows = self.connection.execute(
            select(events.c.position, events.c.public)
            .where(events.c.type == kind)
            .order_by(events.c.position)
        )
        for position, public in rows:
            if data.items() <= msgspec.json.decode(public)["data"].items():
                return int(position)
        raise LookupError(kind)

    def command_of(self, position: int) -> int:
        """The number of the command that made an event."""
        made = (commands.c.first_position <= position) & (commands.c.last_position >= position)
        return int(self.connection.execute(select(commands.c.number).where(made)).scalar_one())

    def change_event(self, position: int, change: Callable[[dict[str, Any]], object]) -> None:
        self._change(events, events.c.position == position, change)

    def change_command(self, number: int, change: Callable[[dict[str, Any]], object]) -> None:
        self._change(commands, commands.c.number == number, change)

    def values(self, position: int, *names: str) -> list[Any]:
        """Some of an event's data."""
        found = select(events.c.public).where(events.c.position == position)
        data = msgspec.json.decode(self.connection.execute(found).scalar_one())["data"]
        return [data[each] for each in names]

    def take_effect_on(self, position: int, day: str) -> None:
        """Have an event be true from another day on."""
        self.change_event(
            position,
            lambda public: (public.update(effective_on=day), public["data"].update(effective_on=day)),
        )

    def act_as(self, position: int, person_id: str) -> int:
        """Have an event's command sent by somebody else; the command's number."""
        number = self.command_of(position)
        self.change_command(number, lambda public: public["actor"].update(person_id=person_id))
        made = select(commands.c.first_position, commands.c.last_position).where(commands.c.number == number)
        first, last = self.connection.execute(made).one()
        for each in range(first, last + 1):
            self.change_event(each, lambda public: public.update(actor_id=person_id))
        return number

    def repeat(self, position: int) -> int:
        """Record an event once more at the end, under a copy of its command; its new position."""
        number = self.command_of(position)
        command = self.connection.execute(select(commands).where(commands.c.number == number)).one()._asdict()
        event = self.connection.execute(select(events).where(events.c.position == position)).one()._asdict()
        last = int(self.connection.execute(select(func.max(events.c.position))).scalar_one())
        of_stream = select(func.max(events.c.version)).where(events.c.stream == event["stream"])
        version = int(self.connection.execute(of_stream).scalar_one()) + 1
        newest = int(self.connection.execute(select(func.max(commands.c.number))).scalar_one()) + 1
        moment = self.connection.execute(select(func.max(events.c.recorded_at))).scalar_one()
        public = msgspec.json.decode(command["public"])
        public |= {"after": last, "id": "planted", "number": newest, "recorded_at": moment}
        facts = msgspec.json.decode(event["public"])
        facts |= {"position": last + 1, "version": version, "command_id": "planted", "recorded_at": moment}
        facts["idle"] = ""
        command |= {"number": newest, "id": "planted", "first_position": last + 1, "last_position": last + 1}
        event |= {"position": last + 1, "version": version, "recorded_at": moment}
        self.connection.execute(insert(commands).values(command | {"public": canonical(public).decode()}))
        self.connection.execute(insert(events).values(event | {"public": canonical(facts).decode()}))
        return last + 1

    def become(self, position: int, kind: str, *without: str) -> None:
        """Have an event be one of another type, without some of its data."""

        def change(public: dict[str, Any]) -> None:
            public.update(type=kind, data={k: v for k, v in public["data"].items() if k not in without})

        self.change_event(position, change)
        self.connection.execute(update(events).where(events.c.position == position).values(type=kind))

    def cut_off(self, position: int) -> None:
        """Remove an event and all that follow, their commands, and the keys of streams that are no more."""
        self.connection.execute(delete(commands).where(commands.c.last_position >= position))
        self.connection.execute(delete(events).where(events.c.position >= position))
        left = select(events.c.stream)
        self.connection.execute(delete(unique_keys).where(unique_keys.c.stream.not_in(left)))

    def seal_again(self) -> None:
        """Work out every digest and leaf again, and the head."""
        digests: dict[str, str] = {}
        number = 0
        for number, command_id, public, sealed in self.connection.execute(
            select(commands.c.number, commands.c.id, commands.c.public, commands.c.sealed).order_by(
                commands.c.number
            )
        ).all():
            digests[command_id] = sha256(two_part_hash(public.encode(), sealed.encode())).hexdigest()
            self.connection.execute(
                update(commands).where(commands.c.number == number).values(digest=digests[command_id])
            )
        frontier = Frontier()
        for position, public, sealed in self.connection.execute(
            select(events.c.position, events.c.public, events.c.sealed).order_by(events.c.position)
        ).all():
            facts = msgspec.json.decode(public)
            facts["command_digest"] = digests[facts["command_id"]]
            written = canonical(facts)
            leaf = leaf_hash(two_part_hash(written, sealed.encode()))
            self.connection.execute(
                update(events).where(events.c.position == position).values(public=written.decode(), leaf=leaf)
            )
            frontier.append(leaf)
        self.connection.execute(
            update(head).values(
                position=frontier.size,
                commands=number,
                frontier=bytes(frontier),
                recorded_at=select(func.max(events.c.recorded_at)).scalar_subquery(),
            )
        )

    def _change(self, table: Any, where: Any, change: Callable[[dict[str, Any]], object]) -> None:
        public = msgspec.json.decode(
            self.connection.execute(select(table.c.public).where(where)).scalar_one()
        )
        change(public)
        self.connection.execute(update(table).where(where).values(public=canonical(public).decode()))


@contextmanager
def planting(folder: Path, service: str = "assistance") -> Iterator[Planted]:
    """A service's rows without the triggers that guard them."""
    store = Store(f"sqlite:///{folder / f'{service}.sqlite'}")
    try:
        with store.write() as connection:
            for name in connection.execute(TRIGGERS).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            yield Planted(connection)
    finally:
        store.close()
