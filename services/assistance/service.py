"""Assistance's interface: one line for each command and query."""

from services.assistance.aggregates import language
from services.assistance.aggregates.batch.commands import (
    AddLines,
    ApproveBatch,
    CheckBatch,
    LockBatch,
    OpenBatch,
    ReconcileBatch,
    ReleaseBatch,
    RemoveLines,
    UnlockBatch,
)
from services.assistance.aggregates.batch.lines import ORGANISATIONS_WITHIN
from services.assistance.aggregates.budget import AllocateBudget
from services.assistance.aggregates.file.commands import (
    ApproveFile,
    CloseFile,
    DecideObjection,
    OpenFile,
    PostNotice,
    RecordEconomicCheck,
    RecordHomeVisit,
    RecordObjection,
    RecordPayeeAccount,
    RefuseFile,
    ReopenFile,
    ReturnFile,
    ReviewFile,
    ReviseFile,
    SubmitFile,
    WithdrawFile,
)
from services.assistance.aggregates.goods_issue import IssueGoods, ReturnGoods
from services.assistance.aggregates.goods_item import ReceiveGoods
from services.assistance.aggregates.grant.commands import (
    ApproveGrant,
    ProposeGrant,
    RefuseGrant,
    WithdrawGrant,
)
from services.assistance.aggregates.payment import (
    ApproveReversal,
    RecordRepayment,
    RefuseReversal,
    RequestReversal,
    SettleContradiction,
    WithdrawReversal,
)
from services.assistance.aggregates.relief_campaign import CloseCampaign, OpenCampaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.imports.bank_results import record_result_file
from services.assistance.projections.access import access, organisation_tree
from services.assistance.projections.aid_grants import aid_grants, grant, grants, grants_due
from services.assistance.projections.bank_file import write_bank_file
from services.assistance.projections.batch_lines import batch_lines
from services.assistance.projections.budgets import budgets, budgets_left
from services.assistance.projections.goods_items import goods_items, goods_stock
from services.assistance.projections.hardship_files import file_as_it_stands, files, hardship_files
from services.assistance.projections.journal import journal_page
from services.assistance.projections.ledger import (
    ledger_balances,
    ledger_entries,
    ledger_of_grant,
    trial_balance,
)
from services.assistance.projections.organisations_above import (
    organisations_above,
    organisations_above_file,
)
from services.assistance.projections.organisations_within import organisations_within
from services.assistance.projections.payment_batches import (
    batches,
    grants_not_payable,
    not_payable,
    payment_batch,
    payment_batches,
)
from services.assistance.projections.payment_lines import payment_lines
from services.assistance.projections.relief_campaigns import campaigns, relief_campaigns
from services.assistance.projections.reversal_requests import reversal_requests, reversals_waiting
from services.assistance.reactions import bank_files
from shared.runtime.access import ANYWHERE
from shared.runtime.facts import LookUp
from shared.runtime.methods import command, operation, query
from shared.runtime.scopes import SUBTREE
from shared.runtime.service import Service

HERE = "organisation_id"
"""Every command names the organisation whose file, campaign, budget or goods it is about."""
REVIEWERS = ("reviewer", "approver")
BOOKKEEPERS = ("cashier", "reconciler")
PAYERS = ("clerk", *REVIEWERS, *BOOKKEEPERS, "auditor")
CASEWORKERS = ("clerk", *REVIEWERS, "auditor")
ACCOUNTANTS = (*BOOKKEEPERS, "statistician", "auditor")
ABOVE = LookUp(ORGANISATIONS_ABOVE, organisation_tree, organisations_above, awaited=True)
ABOVE_FILE = LookUp(ORGANISATIONS_ABOVE, organisation_tree, organisations_above_file, awaited=True)


class AssistanceService(Service):
    """Hardship files, aid and the money for it."""

    name = "assistance"
    language = language
    projections = (
        *access,
        hardship_files,
        aid_grants,
        payment_batches,
        payment_lines,
        not_payable,
        ledger_entries,
        ledger_balances,
        budgets,
        relief_campaigns,
        goods_items,
        reversal_requests,
    )
    reactions = (bank_files,)

    open_file = command(OpenFile, role="clerk", scope=HERE, minted=("file_id",))
    revise_file = command(ReviseFile, role="clerk", scope=HERE)
    record_payee_account = command(RecordPayeeAccount, role="clerk", scope=HERE)
    submit_file = command(SubmitFile, role="clerk", scope=HERE)
    review_file = command(ReviewFile, role="reviewer", scope=HERE)
    record_home_visit = command(RecordHomeVisit, role="clerk", scope=HERE)
    record_economic_check = command(RecordEconomicCheck, role="clerk", scope=HERE)
    post_notice = command(PostNotice, role="clerk", scope=HERE)
    record_objection = command(RecordObjection, role="clerk", scope=HERE, minted=("objection_id",))
    decide_objection = command(DecideObjection, role=REVIEWERS, scope=HERE)
    approve_file = command(ApproveFile, role="approver", scope=HERE)
    return_file = command(ReturnFile, role=REVIEWERS, scope=HERE)
    refuse_file = command(RefuseFile, role=REVIEWERS, scope=HERE)
    withdraw_file = command(WithdrawFile, role="clerk", scope=HERE)
    close_file = command(CloseFile, role=("clerk", "approver"), scope=HERE)
    reopen_file = command(ReopenFile, role="clerk", scope=HERE)

    allocate_budget = command(AllocateBudget, role="approver", scope=HERE, minted=("budget_id",))
    open_campaign = command(
        OpenCampaign, role="approver", scope=HERE, minted=("campaign_id",), facts=(ABOVE,)
    )
    close_campaign = command(CloseCampaign, role="approver", scope=HERE)
    propose_grant = command(ProposeGrant, role="clerk", scope=HERE, minted=("grant_id",), facts=(ABOVE,))
    approve_grant = command(ApproveGrant, role="approver", scope=HERE)
    refuse_grant = command(RefuseGrant, role="approver", scope=HERE)
    withdraw_grant = command(WithdrawGrant, role="clerk", scope=HERE)

    receive_goods = command(ReceiveGoods, role="clerk", scope=HERE, minted=("item_id",))
    issue_goods = command(IssueGoods, role="clerk", scope=HERE, minted=("issue_id",), facts=(ABOVE_FILE,))
    return_goods = command(ReturnGoods, role="clerk", scope=HERE)

    open_batch = command(OpenBatch, role="clerk", scope=HERE, minted=("batch_id",))
    add_lines = command(
        AddLines,
        role="clerk",
        scope=HERE,
        facts=(LookUp(ORGANISATIONS_WITHIN, organisation_tree, organisations_within),),
    )
    remove_lines = command(RemoveLines, role="clerk", scope=HERE)
    lock_batch = command(LockBatch, role="clerk", scope=HERE)
    unlock_batch = command(UnlockBatch, role=("clerk", *REVIEWERS), scope=HERE)
    check_batch = command(CheckBatch, role="reviewer", scope=HERE)
    approve_batch = command(ApproveBatch, role="approver", scope=HERE)
    release_batch = command(ReleaseBatch, role="cashier", scope=HERE)
    write_bank_file = operation(write_bank_file, role="cashier", scope=HERE)
    record_result_file = operation(record_result_file, role=BOOKKEEPERS, scope=HERE)
    reconcile_batch = command(ReconcileBatch, role="reconciler", scope=HERE)
    settle_contradiction = command(SettleContradiction, role="reconciler", scope=HERE)
    request_reversal = command(RequestReversal, role=BOOKKEEPERS, scope=HERE)
    record_repayment = command(RecordRepayment, role=BOOKKEEPERS, scope=HERE)
    withdraw_reversal = command(WithdrawReversal, role=BOOKKEEPERS, scope=HERE)
    approve_reversal = command(ApproveReversal, role="approver", scope=HERE)
    refuse_reversal = command(RefuseReversal, role="approver", scope=HERE)
    files = query(files, role=CASEWORKERS, scope=SUBTREE, reads=(hardship_files, organisation_tree))
    file_as_it_stands = operation(file_as_it_stands, role=CASEWORKERS, scope=HERE)
    campaigns = query(campaigns, role=CASEWORKERS, scope=ANYWHERE, reads=(relief_campaigns,))
    goods_stock = query(goods_stock, role=CASEWORKERS, scope=SUBTREE, reads=(goods_items, organisation_tree))
    budgets_left = query(budgets_left, role=PAYERS, scope=SUBTREE, reads=(budgets, organisation_tree))
    grants = query(grants, role=PAYERS, scope=SUBTREE, reads=(aid_grants, organisation_tree))
    grant = query(grant, role=PAYERS, scope=HERE, reads=(aid_grants, payment_lines))
    grants_due = query(
        grants_due,
        role=PAYERS,
        scope=SUBTREE,
        reads=(aid_grants, hardship_files, payment_lines, organisation_tree),
    )
    batch_lines = operation(batch_lines, role=PAYERS, scope=HERE)
    batches = query(batches, role=PAYERS, scope=SUBTREE, reads=(payment_batches, organisation_tree))
    payment_batch = query(payment_batch, role=PAYERS, scope=HERE, reads=(payment_batches,))
    reversals_waiting = query(
        reversals_waiting, role=PAYERS, scope=SUBTREE, reads=(reversal_requests, organisation_tree)
    )
    grants_not_payable = query(
        grants_not_payable, role=PAYERS, scope=HERE, reads=(not_payable, payment_batches)
    )
    trial_balance = query(trial_balance, role=ACCOUNTANTS, reads=(ledger_balances, ledger_entries))
    ledger_of_grant = query(ledger_of_grant, role=ACCOUNTANTS, reads=(ledger_entries,))
    journal_page = query(journal_page, role=ACCOUNTANTS, reads=(ledger_entries,))
