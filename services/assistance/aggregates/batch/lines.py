"""The lines of a payment batch: which grants can be paid, what has changed, and digests of all lines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Literal

from services.assistance.aggregates.aid_grant import AidGrant
from services.assistance.aggregates.batch.commands import AddLines
from services.assistance.aggregates.batch.refusals import BEFORE_LINES_LAST_STEP, LINE_CHANGED
from services.assistance.aggregates.file.state import HardshipFile, PayeeAccount
from services.assistance.aggregates.paying import Payment, line_id
from services.assistance.events.batch import BatchLine, NotPayable, NotPayableReason
from services.assistance.events.grant import GrantProposed
from services.assistance.events.payment import Line, PaymentPrepared
from shared.rules.context import Context
from shared.rules.refusal import Refused

ORGANISATIONS_WITHIN = "organisations_within"
"""The fact that tells which organisations of a batch's grants lie below the batch's own."""

Change = Literal["payment", "grant", "amount", "file_not_on_file", "account", "file"]
CHANGE_ZH: Mapping[Change, str] = {
    "payment": "款项",
    "grant": "救助",
    "amount": "金额",
    "file_not_on_file": "该户已不在档",
    "account": "收款账户",
    "file": "困难职工档案",
}


def file_of(grant: AidGrant) -> str:
    """The file of a grant; that of a grant which does not exist is found in no log."""
    return "" if grant.proposal is None else grant.proposal.file_id


def paid_for(command: AddLines, grants: Sequence[AidGrant], context: Context) -> set[str]:
    """The organisations whose grants a batch pays: its own, and those of the grants that lie below it."""
    own = command.organisation_id
    others = {each.proposal.organisation_id for each in grants if each.proposal} - {own}
    return {own, *(context.fact(ORGANISATIONS_WITHIN) if others else ())}


def lines_for(
    command: AddLines,
    grant_ids: Sequence[str],
    grants: Sequence[AidGrant],
    files: Sequence[HardshipFile],
    payments: Sequence[Payment],
    within: Collection[str],
) -> tuple[list[PaymentPrepared], list[NotPayable]]:
    """A line of the next attempt for each grant that can be paid, and the others with what stands against it.

    Args:
        grants, files, payments: the states of each grant, of its file and of its payment.
        within: the organisations for which the batch may pay.
    """
    lines: list[PaymentPrepared] = []
    not_payable: list[NotPayable] = []
    for grant_id, grant, file, payment in zip(grant_ids, grants, files, payments, strict=True):
        reason = why_not_payable(grant, file, payment, command.prepared_on)
        if grant.proposal is not None and grant.proposal.organisation_id not in within:
            reason = "another_organisation"
        if reason is not None:
            not_payable.append(NotPayable(grant_id=grant_id, reason=reason))
        elif grant.proposal is not None and file.account is not None:
            lines.append(_prepared(command, grant, grant.proposal, file, file.account, payment))
    return lines, not_payable


def why_not_payable(
    grant: AidGrant, file: HardshipFile, payment: Payment, day: date
) -> NotPayableReason | None:
    """What stands against paying a grant on a day. Source: handbook, assistance 7."""
    if payment.contradicted:
        return "in_doubt"
    if payment.lines("confirmed"):
        return "paid"
    if payment.lines("reversed"):
        return "reversed"
    # On a day before the last that is known of it, the payment had not come as far as it stands now.
    if payment.lines("prepared", "released", "in_doubt") or day < payment.last_on:
        return "in_a_batch"
    if grant.status != "approved" or grant.decided_on is None or grant.decided_on > day:
        return "grant_not_approved"
    if not file.is_on_file(day):
        return "file_not_on_file"
    return "account_missing" if file.account is None else None


def _prepared(
    command: AddLines,
    grant: AidGrant,
    proposal: GrantProposed,
    file: HardshipFile,
    account: PayeeAccount,
    payment: Payment,
) -> PaymentPrepared:
    attempt = len(payment.attempts) + 1
    return PaymentPrepared(
        grant_id=proposal.grant_id,
        line_id=line_id(proposal.grant_id, attempt),
        attempt=attempt,
        reissue=bool(payment.came_back),
        batch_id=command.batch_id,
        organisation_id=proposal.organisation_id,
        programme=proposal.programme,
        fund_source=proposal.fund_source,
        campaign_id=proposal.campaign_id,
        budget_id=proposal.budget_id,
        file_id=proposal.file_id,
        person_id=proposal.person_id,
        amount_fen=proposal.amount_fen,
        holder_id=account.person_id,
        account_version=account.version,
        grant_version=grant.version,
        file_version=file.changed_at,
        effective_on=command.prepared_on,
    )


def as_seen(line: PaymentPrepared) -> BatchLine:
    """A line as check, approval and release see it."""
    return BatchLine(
        grant_id=line.grant_id,
        file_id=line.file_id,
        person_id=line.person_id,
        holder_id=line.holder_id,
        amount_fen=line.amount_fen,
        account_version=line.account_version,
        grant_version=line.grant_version,
        file_version=line.file_version,
    )


def check_unchanged(
    line: BatchLine, its_id: str, grant: AidGrant, file: HardshipFile, payment: Payment, day: date
) -> Line:
    """The payment's own line, if all is as it was when the line was made, checked and approved.

    Making a line moves neither the grant's stream nor the file's, so the versions are those that the batch
    was made with. Aid that is counted for the household meanwhile leaves ``changed_at`` where it was.

    Raises the refusals ``payment_batch.line_changed``, which names the line and what has changed, and
    ``.before_lines_last_step``.
    Source: design, section 10: release checks every line's versions again in its own append.
    """
    own = next((each for each in payment.lines("prepared") if each.line_id == its_id), None)
    if own is None or payment.contradicted:
        raise _changed(its_id, "payment")
    if day < payment.last_on:
        raise BEFORE_LINES_LAST_STEP(field="released_on", line_id=its_id, last_on=payment.last_on)
    if grant.status != "approved" or grant.proposal is None or own.amount_fen != line.amount_fen:
        raise _changed(its_id, "grant")
    if grant.proposal.amount_fen != line.amount_fen:
        raise _changed(its_id, "amount")
    if not file.is_on_file(day):
        raise _changed(its_id, "file_not_on_file")
    if file.account is None or file.account.version != line.account_version:
        raise _changed(its_id, "account")
    if grant.version != line.grant_version:
        raise _changed(its_id, "grant")
    if file.changed_at != line.file_version:
        raise _changed(its_id, "file")
    return own


def _changed(its_id: str, what: Change) -> Refused:
    return LINE_CHANGED(line_id=its_id, what=what, what_zh=CHANGE_ZH[what])


def digest_of_lines(lines: Mapping[str, BatchLine]) -> str:
    """Names the lines as they were seen: who is paid how much, and on which versions."""
    return _digest(
        f"{each} {line.grant_id} {line.file_id} {line.person_id} {line.holder_id}"
        f" {line.amount_fen} {line.account_version} {line.grant_version} {line.file_version}"
        for each, line in lines.items()
    )


def digest_of_file(batch_id: str, amounts: Mapping[str, int]) -> str:
    """Names what a bank file says without personal data: its batch, and the amount in fen of each line."""
    return _digest([f"batch {batch_id}", *(f"{each} {amount_fen}" for each, amount_fen in amounts.items())])


def _digest(rows: Iterable[str]) -> str:
    # Sorted: a state that was read back does not keep the order in which its lines came.
    return sha256("\n".join(sorted(rows)).encode()).hexdigest()
