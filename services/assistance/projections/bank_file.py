"""The bank file of a released batch: a function of the log alone, which can be made again at any time."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.batch.commands import RecordBankFile
from services.assistance.aggregates.batch.lines import digest_of_file
from services.assistance.aggregates.batch.state import PaymentBatch
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.events.batch import BatchLine, BatchReleased
from services.assistance.events.campaign import Programme
from services.assistance.events.file import PayeeAccountRecorded
from services.assistance.events.grant import GrantProposed
from shared.log.log import Log
from shared.log.store import among
from shared.log.streams import read_event
from shared.log.tables import events
from shared.rules.personal import Erased
from shared.rules.refusal import Refusal
from shared.runtime.calls import Call
from shared.runtime.commands import Request
from shared.runtime.house import House
from shared.runtime.secret_files import write_anew
from shared.standards.money import plain_yuan

NOT_RELEASED = Refusal("bank_file.not_released", zh="批次尚未放行", en="the batch has not been released")
ANOTHER_ORGANISATION = Refusal(
    "bank_file.another_organisation",
    zh="该批次由其他工会办理",
    en="the batch belongs to another organisation",
)
HOLDER_ERASED = Refusal(
    "bank_file.holder_erased",
    zh="明细{line_id}的账户信息已删除，银行文件不能再生成",
    en="the account of line {line_id} has been erased; the bank file cannot be made any more",
)
OTHER_DIGEST = Refusal(
    "bank_file.other_digest",
    zh="银行文件与放行时登记的摘要不符",
    en="the bank file is not the one whose digest was recorded at the release",
)
NOT_WRITTEN = Refusal(
    "bank_file.not_written",
    zh="银行文件无法写入文件夹，请管理员检查其权限和空间",
    en="the bank file could not be written; have an administrator look at its folder's rights and space",
)

OUT = Path("bank") / "out"
"""Where the bank fetches its files, among the files of the service."""
COLUMNS = ("line_id", "holder_name", "account_number", "amount_yuan", "purpose")
PURPOSES: Mapping[Programme, str] = {
    "winter_warmth": "工会帮扶慰问",
    "living_aid": "工会帮扶慰问",
    "temporary_living_aid": "工会帮扶慰问",
    "autumn_student_aid": "工会金秋助学",
}
"""What the bank shows the household beside the amount."""
SHOWN = ("account_number", "holder_name")
"""What the file shows of each holder in the clear."""


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file as the bank takes it: a row on the batch, the headings, a row for each line.

    Args:
        holder_ids: the persons whose names and accounts stand in it.
    """

    name: str
    text: str
    line_count: int
    amount_fen: int
    digest: str
    holder_ids: tuple[str, ...]


def bank_file(log: Log, batch_id: str, organisation_id: str) -> BankFile:
    """The bank file of a released batch, the same bytes each time.

    Raises the refusals ``bank_file.not_released``, ``.another_organisation``, ``.holder_erased`` and
    ``.other_digest``.
    """
    history = [
        read_event(log.language, each.stream, each.version, each.type, each.public, "{}")
        for each in log.stream(f"{payment_batch.name}/{batch_id}")
    ]
    batch: PaymentBatch = reduce(payment_batch.evolve, history, payment_batch.initial)
    released = next((each for each in history if isinstance(each, BatchReleased)), None)
    if released is None:
        raise NOT_RELEASED(field="batch_id")
    if batch.organisation_id != organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    amounts = {line_id: line.amount_fen for line_id, line in batch.lines.items()}
    if digest_of_file(batch_id, amounts) != released.file_digest:
        raise OTHER_DIGEST()
    lines = sorted(batch.lines.items())
    with log.store.read() as connection:
        accounts = _accounts_of(log, connection, lines)
        holders = _holders(log, connection, lines, accounts)
        purposes = _purposes_of(log, connection, [line.grant_id for _, line in lines])
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(("batch", batch_id, len(lines), plain_yuan(released.amount_fen), released.file_digest))
    rows.writerow(COLUMNS)
    for (line_id, line), (name, number) in zip(lines, holders, strict=True):
        purpose = purposes[line.grant_id]
        rows.writerow((line_id, name, number, plain_yuan(line.amount_fen), purpose))
    return BankFile(
        f"{batch_id}.csv",
        written.getvalue(),
        len(lines),
        released.amount_fen,
        released.file_digest,
        tuple(dict.fromkeys(each.person_id for each in accounts)),
    )


def _accounts_of(log: Log, connection: Connection, lines: Sequence[tuple[str, BatchLine]]) -> list[Any]:
    """The account of each line, still sealed, as it stood in the version that was approved."""
    accounts = accounts_recorded(log, connection, {line.file_id for _, line in lines})
    return [accounts[line.file_id, line.account_version] for _, line in lines]


def _holders(
    log: Log, connection: Connection, lines: Sequence[tuple[str, BatchLine]], accounts: Sequence[Any]
) -> list[tuple[str, str]]:
    """Name and account number of each line's holder."""
    values = [value for each in accounts for value in (each.holder_name, each.account_number)]
    texts = log.vault.open_many(connection, values)
    holders = []
    for (line_id, _), name, number in zip(lines, texts[::2], texts[1::2], strict=True):
        if isinstance(name, Erased) or isinstance(number, Erased) or name is None or number is None:
            raise HOLDER_ERASED(line_id=line_id)
        holders.append((name, number))
    return holders


def _purposes_of(log: Log, connection: Connection, grant_ids: Sequence[str]) -> dict[str, str]:
    """The purpose of each grant's line, by its programme."""
    streams = [f"{aid_grant.name}/{grant_id}" for grant_id in grant_ids]
    found = _events_of(log, connection, streams, GrantProposed)
    return {each.grant_id: PURPOSES[each.programme] for each in found}


def accounts_recorded(log: Log, connection: Connection, file_ids: set[str]) -> dict[tuple[str, int], Any]:
    """All accounts that some files ever had, by file and version, still sealed."""
    streams = [f"hardship_file/{file_id}" for file_id in file_ids]
    found = _events_of(log, connection, streams, PayeeAccountRecorded)
    return {(each.file_id, each.version): each for each in found}


def _events_of(log: Log, connection: Connection, streams: Sequence[str], kind: type[Any]) -> Iterator[Any]:
    """All events of one type in some streams, personal values still sealed."""
    recorded = select(
        events.c.stream, events.c.version, events.c.type, events.c.public, events.c.sealed
    ).where(among(connection, events.c.stream, streams), events.c.type == kind.__name__)
    return (read_event(log.language, *row) for row in connection.execute(recorded))


def put(house: House, made: BankFile) -> None:
    """Put a bank file where the bank fetches it, for its owner's eyes only."""
    try:
        write_anew(house.settings.files / OUT / made.name, made.text)
    except OSError:
        raise NOT_WRITTEN() from None


def write_bank_file(call: Call, *, batch_id: str, organisation_id: str) -> dict[str, Any]:
    """Write the bank file of a released batch into the folder ``bank/out``, for its owner's eyes only.

    It appears whole or not at all. Written again it is the same, and the bank takes a batch once. The house
    writes it of itself after the release (see ``reactions``); this is for a file that went astray.
    """
    made = bank_file(call.house.log, batch_id, organisation_id)
    # Before anything is shown: this file is the one way by which accounts leave the house in the clear.
    call.looks("write_bank_file", [(each, SHOWN) for each in made.holder_ids])
    put(call.house, made)
    written = RecordBankFile(batch_id=batch_id, organisation_id=organisation_id)
    call.house.handle(Request(written, call.actor))
    return {
        "name": made.name,
        "line_count": made.line_count,
        "amount_fen": made.amount_fen,
        "digest": made.digest,
    }
