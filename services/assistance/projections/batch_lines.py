"""What a batch is about to pay, line by line, for those who check and approve it."""

from typing import Any

from sqlalchemy import Connection, select

from services.assistance.projections.aid_grants import aid_grants
from services.assistance.projections.aid_grants import table as grants_table
from services.assistance.projections.bank_file import accounts_recorded
from services.assistance.projections.hardship_files import hardship_files, last_four
from services.assistance.projections.hardship_files import table as files_table
from services.assistance.projections.payment_batches import batches_table, payment_batches
from services.assistance.projections.payment_lines import payment_lines
from services.assistance.projections.payment_lines import table as lines_table
from shared.projections.waiting import AtLeast
from shared.runtime.calls import Call
from shared.runtime.paging import PageLimit
from shared.runtime.reading import answer_query

READS = (payment_lines, payment_batches, aid_grants, hardship_files)


def batch_lines(
    call: Call,
    *,
    batch_id: str,
    organisation_id: str,
    after: str = "",
    limit: PageLimit = 500,
    at_least: AtLeast | None = None,
) -> dict[str, Any]:
    """The lines of a batch, with what its digest binds and what check and approval are about.

    Args:
        after: the line behind which to go on; ``limit``: the most lines, 1,000 at most.

    Returns:
        As a query ``{answer, known, complete}``. For each line also ``holder_name`` and
        ``account_last_four`` of the account to which it would be paid, which it is on record that somebody
        looked at; beside the versions that the digest binds, those of now: ``account_version_now``,
        ``grant_version_now`` and ``file_version_now``; where they differ, the release will refuse the line.

    Source: design, section 10: who approves has seen what they approve.
    """
    values = {"batch_id": batch_id, "organisation_id": organisation_id, "after": after, "limit": limit}
    told = answer_query(call.house, lines_of, values, READS, at_least)
    lines: list[dict[str, Any]] = told["answer"]
    log = call.house.log
    with log.store.read() as connection:
        accounts = accounts_recorded(log, connection, {each["file_id"] for each in lines})
    of_lines = [accounts[each["file_id"], each["account_version"]] for each in lines]
    looked_at = [
        (each.person_id, {"account_number": each.account_number, "holder_name": each.holder_name})
        for each in of_lines
    ]
    texts = call.look("batch_lines", looked_at)
    shown = [
        line | {"holder_name": each["holder_name"], "account_last_four": last_four(each["account_number"])}
        for line, each in zip(lines, texts, strict=True)
    ]
    return told | {"answer": shown}


def lines_of(
    connection: Connection, *, batch_id: str, organisation_id: str, after: str, limit: int
) -> list[dict[str, Any]]:
    """The lines without what is personal, in the order of the bank file."""
    wanted = (
        select(
            lines_table,
            grants_table.c.campaign_id,
            grants_table.c.programme,
            grants_table.c.version.label("grant_version_now"),
            files_table.c.changed_at.label("file_version_now"),
            files_table.c.account_version.label("account_version_now"),
        )
        .join(batches_table, batches_table.c.batch_id == lines_table.c.batch_id)
        .join(grants_table, grants_table.c.grant_id == lines_table.c.grant_id)
        .join(files_table, files_table.c.file_id == lines_table.c.file_id)
        .where(lines_table.c.batch_id == batch_id, batches_table.c.organisation_id == organisation_id)
        .where(lines_table.c.line_id > after)
        .order_by(lines_table.c.line_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(wanted).mappings()]
