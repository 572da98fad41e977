"""Hardship files as they stand, one row for each; and one of them with its steps."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, MetaData, Table, Text

from services.assistance.aggregates.file.state import HardshipFile, PayeeAccount
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.events.file import (
    EconomicChecked,
    FileApproved,
    FileClosed,
    FileOpened,
    FileRefused,
    FileReopened,
    FileReturned,
    FileReviewed,
    FileRevised,
    FileSubmitted,
    FileWithdrawn,
    HomeVisited,
    HouseholdAided,
    HouseholdAidReleased,
    NoticePosted,
    ObjectionDecided,
    ObjectionReceived,
    PayeeAccountRecorded,
    RevisionConfirmed,
)
from shared.log.envelope import Envelope
from shared.log.streams import read_event
from shared.log.tables import Number
from shared.projections.projection import Projection, Row
from shared.rules.personal import Personal
from shared.runtime.calls import Call
from shared.runtime.paging import PageLimit
from shared.runtime.scopes import Reach
from shared.standards.bank_card import BankCardNumber

table = Table(
    "hardship_files",
    MetaData(),
    Column("file_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False, index=True),
    Column("person_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("hardship_class", Text),
    Column("hardship_cause", Text, nullable=False),
    Column("account_version", Integer),
    Column("opened_on", Date, nullable=False),
    Column("approved_on", Date),
    Column("version", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
    Column("position", Number, nullable=False),
)

hardship_files = Projection(table, source="assistance", key="file_id", version=2)


@hardship_files.on(FileOpened)
def opened(row: Row, event: FileOpened, envelope: Envelope) -> Row:
    return row | {
        "organisation_id": event.organisation_id,
        "person_id": event.person_id,
        "status": "draft",
        "hardship_cause": event.hardship_cause,
        "opened_on": event.effective_on,
        "version": envelope.version,
        "changed_at": envelope.version,
        "position": envelope.position,
    }


def changed(row: Row, event: Any, envelope: Envelope) -> Row:
    return row | CHANGES[type(event)](event) | {"version": envelope.version, "changed_at": envelope.version}


def aided(row: Row, event: HouseholdAided | HouseholdAidReleased, envelope: Envelope) -> Row:
    return row | {"version": envelope.version}


CHANGES: Mapping[type[Any], Callable[[Any], Row]] = {
    FileRevised: lambda event: (
        {"hardship_cause": event.hardship_cause} | ({"status": "revised"} if event.to_be_confirmed else {})
    ),
    RevisionConfirmed: lambda _: {"status": "on_file"},
    PayeeAccountRecorded: lambda event: {"account_version": event.version},
    FileSubmitted: lambda _: {"status": "submitted"},
    FileReviewed: lambda _: {"status": "first_review"},
    HomeVisited: lambda _: {"status": "home_visit"},
    EconomicChecked: lambda _: {"status": "economic_check"},
    NoticePosted: lambda _: {"status": "public_notice"},
    ObjectionReceived: lambda _: {},
    ObjectionDecided: lambda event: {"status": "submitted"} if event.upheld else {},
    FileApproved: lambda event: {
        "status": "on_file",
        "hardship_class": event.hardship_class,
        "approved_on": event.effective_on,
    },
    FileReturned: lambda event: {"status": event.step},
    FileRefused: lambda _: {"status": "refused"},
    FileWithdrawn: lambda _: {"status": "withdrawn"},
    FileClosed: lambda event: {"status": event.outcome},
    FileReopened: lambda _: {"status": "draft", "account_version": None},
}
"""What each type of event changes, beside the stream's version, which all of them raise."""
for event_type in CHANGES:
    hardship_files.on(event_type)(changed)
for aid_event in (HouseholdAided, HouseholdAidReleased):
    hardship_files.on(aid_event)(aided)


def files(
    connection: Connection, *, reach: Reach, status: str | None = None, after: int = 0, limit: PageLimit = 500
) -> list[dict[str, Any]]:
    """The files of an organisation and all below it, in the order in which they were opened.

    Args:
        after: the position behind which to go on; ``limit``: the most rows, 1,000 at most.
    """
    wanted = reach.page(table, after, limit)
    if status is not None:
        wanted = wanted.where(table.c.status == status)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def file_as_it_stands(call: Call, *, file_id: str, organisation_id: str) -> dict[str, Any] | None:
    """One household's file as its next step will find it; None if the organisation has no such file.

    Returns:
        The file's particulars; ``version``, its stream's; ``steps``: each ``{event, on, actor_id,
        position}``; ``aided_fen``: what counts towards caps, by kind, year and person; ``account``: its
        version, its holder and the last four digits, which it is on record that somebody looked at.
    """
    log = call.house.log
    history = log.stream(f"{hardship_file.name}/{file_id}")
    read = [
        read_event(log.language, each.stream, each.version, each.type, each.public, each.sealed)
        for each in history
    ]
    file: HardshipFile = reduce(hardship_file.evolve, read, hardship_file.initial)
    if not history or file.organisation_id != organisation_id:
        return None
    return {
        "file_id": file_id,
        "organisation_id": organisation_id,
        "person_id": file.person_id,
        "status": file.status,
        "hardship_class": file.hardship_class,
        "hardship_cause": file.hardship_cause,
        "single_parent": file.single_parent,
        "migrant_worker": file.migrant_worker,
        "members": file.members,
        "findings": file.findings,
        "authorised_until": file.authorised_until,
        "notice_last_on": file.notice_last_on,
        "open_objections": sorted(file.open_objections),
        "approved_on": file.approved_on,
        "aided_fen": dict(file.aided),
        "account": None if file.account is None else account_shown(call, file.account),
        "version": history[-1].version,
        "steps": [
            {
                "event": each.type,
                "on": each.facts.effective_on,
                "actor_id": each.facts.actor_id,
                "position": each.position,
            }
            for each in history
        ],
    }


def account_shown(call: Call, account: PayeeAccount) -> dict[str, Any]:
    """An account as screens show it."""
    values: dict[str, Personal[Any]] = {
        "account_number": account.account_number,
        "holder_name": account.holder_name,
    }
    (texts,) = call.look("file_as_it_stands", [(account.person_id, values)])
    return {
        "version": account.version,
        "holder_id": account.person_id,
        "holder_name": texts["holder_name"],
        "account_last_four": last_four(texts["account_number"]),
    }


def last_four(number: str | None) -> str | None:
    """The part of an account number that may be shown; None where it was erased."""
    return None if number is None else BankCardNumber(number).last_four
