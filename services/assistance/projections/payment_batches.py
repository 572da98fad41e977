"""Payment batches and their lines as they stand, and grants that were to be paid and cannot be."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, MetaData, Table, Text, select

from services.assistance.events.batch import (
    BankFileWritten,
    BatchApproved,
    BatchChecked,
    BatchLocked,
    BatchOpened,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
    LinesAdded,
    LinesRemoved,
    ResultsRecorded,
)
from services.assistance.events.payment import PaymentPrepared
from shared.log.envelope import Envelope
from shared.log.tables import Number
from shared.projections.projection import Key, Projection, Row
from shared.runtime.paging import PAGE_MOST, PageLimit
from shared.runtime.scopes import Reach

batches_table = Table(
    "payment_batches",
    MetaData(),
    Column("batch_id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("line_count", Integer, nullable=False, default=0),
    Column("amount_fen", Number, nullable=False, default=0),
    Column("digest", Text),
    Column("file_digest", Text),
    Column("confirmed", Integer, nullable=False, default=0),
    Column("confirmed_fen", Number, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("failed_fen", Number, nullable=False, default=0),
    Column("in_doubt", Integer, nullable=False, default=0),
    Column("returned", Integer, nullable=False, default=0),
    Column("returned_fen", Number, nullable=False, default=0),
    Column("contradicted", Integer, nullable=False, default=0),
    Column("unmatched", Integer, nullable=False, default=0),
    Column("opened_on", Date, nullable=False),
    Column("released_on", Date),
    Column("file_written_on", Date),
)
not_payable_table = Table(
    "not_payable",
    MetaData(),
    Column("grant_id", Text, primary_key=True),
    Column("batch_id", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("noted_on", Date, nullable=False),
)

payment_batches = Projection(batches_table, source="assistance", key="batch_id")
DAYS = ("opened_on", "released_on", "file_written_on")
COUNTED = (
    "confirmed",
    "confirmed_fen",
    "failed",
    "failed_fen",
    "in_doubt",
    "returned",
    "returned_fen",
    "contradicted",
)


@payment_batches.on(BatchOpened)
def opened(row: Row, event: BatchOpened, envelope: Envelope) -> Row:
    organisation_id = event.organisation_id
    return row | {"organisation_id": organisation_id, "status": "draft", "opened_on": event.effective_on}


@payment_batches.on(LinesAdded)
def added(row: Row, event: LinesAdded, envelope: Envelope) -> Row:
    amount_fen = sum(line.amount_fen for line in event.lines.values())
    return row | {
        "line_count": row["line_count"] + len(event.lines),
        "amount_fen": row["amount_fen"] + amount_fen,
    }


@payment_batches.on(LinesRemoved)
def removed(row: Row, event: LinesRemoved, envelope: Envelope) -> Row:
    return row | {
        "line_count": row["line_count"] - len(event.line_ids),
        "amount_fen": row["amount_fen"] - event.amount_fen,
    }


@payment_batches.on(BatchLocked)
def locked(row: Row, event: BatchLocked, envelope: Envelope) -> Row:
    return row | {"status": "locked", "digest": event.digest}


@payment_batches.on(BatchUnlocked)
def unlocked(row: Row, event: BatchUnlocked, envelope: Envelope) -> Row:
    return row | {"status": "draft", "digest": None}


@payment_batches.on(BatchChecked)
def checked(row: Row, event: BatchChecked, envelope: Envelope) -> Row:
    return row | {"status": "checked"}


@payment_batches.on(BatchApproved)
def approved(row: Row, event: BatchApproved, envelope: Envelope) -> Row:
    return row | {"status": "approved"}


@payment_batches.on(BatchReleased)
def released(row: Row, event: BatchReleased, envelope: Envelope) -> Row:
    file_digest = event.file_digest
    return row | {"status": "released", "file_digest": file_digest, "released_on": event.effective_on}


@payment_batches.on(BankFileWritten)
def file_written(row: Row, event: BankFileWritten, envelope: Envelope) -> Row:
    return row | {"file_written_on": event.effective_on}


@payment_batches.on(ResultsRecorded)
def answered(row: Row, event: ResultsRecorded, envelope: Envelope) -> Row:
    counted = {name: row[name] + getattr(event, name) for name in COUNTED}
    return row | counted | {"unmatched": row["unmatched"] + len(event.unmatched)}


@payment_batches.on(BatchReconciled)
def reconciled(row: Row, event: BatchReconciled, envelope: Envelope) -> Row:
    return row | {"status": "reconciled"}


def named_grants(event: LinesAdded, _: Envelope) -> Iterable[Key]:
    return ((each.grant_id,) for each in event.not_payable)


not_payable = Projection(not_payable_table, source="assistance", key="grant_id")


@not_payable.on(LinesAdded, key=named_grants)
def noted(row: Row, event: LinesAdded, envelope: Envelope) -> Row:
    reason = next(each.reason for each in event.not_payable if each.grant_id == row["grant_id"])
    return row | {"batch_id": event.batch_id, "reason": reason, "noted_on": event.effective_on}


@not_payable.on(PaymentPrepared)
def payable_after_all(row: Row, event: PaymentPrepared, envelope: Envelope) -> None:
    return None


def payment_batch(connection: Connection, *, batch_id: str, organisation_id: str) -> dict[str, Any] | None:
    """How a batch stands, and the digest that its check and approval have to name; None if there is none.

    A released batch without ``file_written_on`` waits for its bank file: no money can leave before.
    """
    wanted = select(batches_table).where(
        batches_table.c.batch_id == batch_id, batches_table.c.organisation_id == organisation_id
    )
    found = connection.execute(wanted).mappings().one_or_none()
    if found is None:
        return None
    return as_plain(dict(found))


def batches(
    connection: Connection,
    *,
    reach: Reach,
    status: str | None = None,
    after_id: str = "",
    limit: PageLimit = PAGE_MOST,
) -> list[dict[str, Any]]:
    """The batches of an organisation and all below it, as ``payment_batch`` tells each.

    They come in the order of their ids, a page of those after ``after_id``.
    """
    wanted = (
        select(batches_table)
        .where(reach.holds(batches_table.c.organisation_id), batches_table.c.batch_id > after_id)
        .order_by(batches_table.c.batch_id)
        .limit(limit)
    )
    if status is not None:
        wanted = wanted.where(batches_table.c.status == status)
    return [as_plain(dict(row)) for row in connection.execute(wanted).mappings()]


def as_plain(row: Row) -> Row:
    return row | {name: row[name] and row[name].isoformat() for name in DAYS}


def grants_not_payable(
    connection: Connection,
    *,
    organisation_id: str,
    batch_id: str | None = None,
    after_id: str = "",
    limit: PageLimit = PAGE_MOST,
) -> list[dict[str, Any]]:
    """Grants that an organisation's batches were to pay and cannot yet, with the reason.

    They come in the order of their ids, a page of those after ``after_id``.
    """
    wanted = (
        select(not_payable_table)
        .join(batches_table, batches_table.c.batch_id == not_payable_table.c.batch_id)
        .where(batches_table.c.organisation_id == organisation_id, not_payable_table.c.grant_id > after_id)
        .order_by(not_payable_table.c.grant_id)
        .limit(limit)
    )
    if batch_id is not None:
        wanted = wanted.where(not_payable_table.c.batch_id == batch_id)
    rows = connection.execute(wanted).mappings()
    return [dict(row) | {"noted_on": row["noted_on"].isoformat()} for row in rows]
