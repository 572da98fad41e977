"""Registered persons: whom the district's registry has issued an identity."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from services.membership.events import PersonRegistered, PersonRegisteredByHand
from services.staffing.aggregates.login import OpenLogin
from services.staffing.aggregates.worker.commands import HireWorker
from services.staffing.aggregates.worker.refusals import SYSTEM
from shared.log.envelope import Envelope
from shared.log.store import among
from shared.projections.projection import Projection, Row

table = Table("registered_persons", MetaData(), Column("person_id", Text, primary_key=True))
registered_persons = Projection(table, source="membership", key="person_id")


@registered_persons.on(PersonRegistered)
def person_registered(row: Row, event: PersonRegistered, envelope: Envelope) -> Row:
    return row


@registered_persons.on(PersonRegisteredByHand)
def person_registered_by_hand(row: Row, event: PersonRegisteredByHand, envelope: Envelope) -> Row:
    return row


def is_registered(connection: Connection, commands: Sequence[OpenLogin | HireWorker]) -> list[bool | None]:
    """Whether the registry knows each command's person, or it is a system; None: not yet at least."""
    named = [each.person_id for each in commands]
    found = select(table.c.person_id).where(among(connection, table.c.person_id, named))
    known = set(connection.execute(found).scalars())
    return [each.startswith(SYSTEM) or each in known or None for each in named]
