"""One payment's story: every event that led to it or followed from it, as sentences in their order."""

from collections.abc import Callable, Mapping
from typing import Any

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.file.state import CLOSING_CAUSE_ZH, STATUS_ZH
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.payment import payment
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.events.batch import (
    BankFileWritten,
    BatchApproved,
    BatchChecked,
    BatchLocked,
    BatchOpened,
    BatchReconciled,
    BatchReleased,
    BatchUnlocked,
    UnlockReason,
)
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
    NoticePosted,
    ObjectionDecided,
    ObjectionReceived,
    PayeeAccountRecorded,
    RevisionConfirmed,
)
from services.assistance.events.grant import GrantApproved, GrantProposed, GrantRefused, GrantWithdrawn
from services.assistance.events.payment import (
    ContradictionSettled,
    OverpaymentFound,
    OverpaymentRepaid,
    OverpaymentReturned,
    PaymentConfirmed,
    PaymentContradicted,
    PaymentFailed,
    PaymentGivenUp,
    PaymentPrepared,
    PaymentReleased,
    PaymentReturned,
    PaymentReversed,
    PaymentWithdrawn,
    ReturnCode,
    ReversalRefused,
    ReversalRefusingCause,
    ReversalRequested,
    ReversalWithdrawn,
    WithdrawalReason,
)
from shared.log.envelope import Envelope
from shared.log.log import Log
from shared.log.streams import read_event
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

UNKNOWN = Refusal("payment_story.unknown", zh="没有这笔救助", en="there is no such grant")


def payment_story(log: Log, grant_id: str) -> list[dict[str, Any]]:
    """What happened around the payment of a grant.

    Returns:
        For each event ``{position, on, actor_id, zh, en}``, in the order of recording.

    Raises the refusal ``payment_story.unknown``.
    """
    own = [*log.stream(f"{aid_grant.name}/{grant_id}"), *log.stream(f"{payment.name}/{grant_id}")]
    if not own:
        raise UNKNOWN(field="grant_id")
    read = [(each, _event(log, each)) for each in own]
    around = {f"{hardship_file.name}/{event.file_id}" for _, event in read if hasattr(event, "file_id")}
    around |= {f"{payment_batch.name}/{event.batch_id}" for _, event in read if hasattr(event, "batch_id")}
    for stream in sorted(around):
        read += [(each, _event(log, each)) for each in log.stream(stream)]
    told = []
    for envelope, event in sorted(read, key=lambda each: each[0].position):
        sentence = SENTENCES.get(type(event))
        if sentence is not None:
            facts = envelope.facts
            zh, en = sentence(event, facts.actor_id)
            told.append(
                {
                    "position": envelope.position,
                    "on": facts.effective_on.isoformat(),
                    "actor_id": facts.actor_id,
                    "zh": zh,
                    "en": en,
                }
            )
    return told


def _event(log: Log, envelope: Envelope) -> Any:
    return read_event(log.language, envelope.stream, envelope.version, envelope.type, envelope.public, "{}")


Sentence = Callable[[Any, str], tuple[str, str]]
"""An event, and who acted, in Chinese and in English."""


def checked(event: EconomicChecked, who: str) -> tuple[str, str]:
    income, size = event.findings.annual_disposable_income_fen, event.findings.household_size
    yuan = "?" if income is None else format_yuan(income)
    return (
        f"{who} 录入经济核对结果：年可支配收入{yuan}元，{size}口人",
        f"{who} typed in the economic check: {yuan} yuan a year for {size} persons",
    )


def revised(event: FileRevised, who: str) -> tuple[str, str]:
    zh, en = (
        ("，家庭变更待确认", ", a changed household to be confirmed") if event.to_be_confirmed else ("", "")
    )
    return f"{who} 修改档案{zh}", f"{who} revised the file{en}"


def prepared(event: PaymentPrepared, who: str) -> tuple[str, str]:
    zh, en = ("，为退回后重付", ", again after it came back") if event.reissue else ("", "")
    return (
        f"{who} 将其列入批次{event.batch_id}，明细{event.line_id}{zh}",
        f"{who} put it into batch {event.batch_id} as line {event.line_id}{en}",
    )


def decided(event: ObjectionDecided, who: str) -> tuple[str, str]:
    if event.upheld:
        return (
            f"{who} 认定异议成立，档案退回重新初审",
            f"{who} upheld the objection: the file is reviewed anew",
        )
    return f"{who} 认定异议不成立", f"{who} rejected the objection"


def settled(event: ContradictionSettled, who: str) -> tuple[str, str]:
    zh, en = ("已支付", "had paid") if event.settlement == "paid" else ("未支付", "had not paid")
    return (
        f"{who} 凭银行单据{event.document_no}核实：明细{event.line_id}{zh}",
        f"{who} found in the bank's paper {event.document_no} that it {en} line {event.line_id}",
    )


RETURN_CODES_ZH: Mapping[ReturnCode, str] = {
    "account_closed": "账户已销户",
    "name_mismatch": "户名不符",
    "account_invalid": "账号有误",
    "frozen": "账户被冻结",
    "dormant": "账户已休眠",
    "limit_exceeded": "超过限额",
    "bank_other": "银行其他原因",
}
WITHDRAWAL_REASONS_ZH: Mapping[WithdrawalReason, str] = {
    "file_changed": "档案有变更",
    "grant_changed": "救助有变更",
    "wrong_account": "收款账户有误",
    "not_now": "暂不支付",
    "clerical_error": "经办差错",
}
UNLOCK_REASONS_ZH: Mapping[UnlockReason, str] = {
    "line_changed": "明细有变更",
    "wrong_lines": "明细有误",
    "not_approved": "审批未通过",
    "clerical_error": "经办差错",
}
REFUSING_CAUSES: Mapping[ReversalRefusingCause, tuple[str, str]] = {
    "paid_rightly": ("原支付无误", "it was paid rightly"),
    "amount_wrong": ("冲销金额有误", "the reversal's amount is wrong"),
    "proof_missing": ("缺少证明材料", "proof is missing"),
    "other": ("其他原因", "for another reason"),
}
SENTENCES: Mapping[type[Any], Sentence] = {
    FileOpened: lambda _, who: (
        f"{who} 为该户建立困难职工档案草稿",
        f"{who} opened a file for the household",
    ),
    PayeeAccountRecorded: lambda event, who: (
        f"{who} 登记收款账户（第{event.version}个）",
        f"{who} recorded the payee's account, the household's no. {event.version}",
    ),
    FileSubmitted: lambda _, who: (f"{who} 提交档案及证明材料", f"{who} submitted it with its proofs"),
    FileReviewed: lambda _, who: (f"{who} 初审通过", f"{who} passed it at the first review"),
    FileRevised: revised,
    RevisionConfirmed: lambda _, who: (f"{who} 确认家庭变更", f"{who} confirmed the changed household"),
    HomeVisited: lambda event, _: (
        f"{'、'.join(event.visitor_ids)} 入户走访，申请人签署核对授权",
        f"{', '.join(event.visitor_ids)} visited the household, which signed the authorisation",
    ),
    EconomicChecked: checked,
    NoticePosted: lambda event, _: (
        f"公示{event.working_days}个工作日，至{event.last_on}届满",
        f"a public notice of {event.working_days} working days, until {event.last_on}",
    ),
    ObjectionReceived: lambda _, who: (f"{who} 登记一项异议", f"{who} took down an objection"),
    ObjectionDecided: decided,
    FileReturned: lambda event, who: (
        f"{who} 将档案退回至“{STATUS_ZH[event.step]}”",
        f"{who} sent the file back to {event.step}",
    ),
    FileRefused: lambda event, who: (
        f"{who} 驳回档案，依据：{event.basis}",
        f"{who} refused the file by {event.basis}",
    ),
    FileWithdrawn: lambda _, who: (f"{who} 撤回档案", f"{who} withdrew the file"),
    FileClosed: lambda event, who: (
        f"{who} 办结档案：{STATUS_ZH[event.outcome]}（{CLOSING_CAUSE_ZH[event.cause]}）",
        f"{who} ended the file as {event.outcome}: {event.cause}",
    ),
    FileReopened: lambda _, who: (f"{who} 重新启用档案", f"{who} opened the file again"),
    FileApproved: lambda event, who: (
        (
            f"{who} 审批建档：月人均净收入{format_yuan(event.net_per_head_fen)}元，"
            f"低保标准每人每月{format_yuan(event.minimum_living_standard_fen)}元"
        ),
        (
            f"{who} approved the file: {format_yuan(event.net_per_head_fen)} yuan a head against "
            f"{format_yuan(event.minimum_living_standard_fen)}"
        ),
    ),
    GrantProposed: lambda event, who: (
        f"{who} 申报救助{format_yuan(event.amount_fen)}元，占用预算{event.budget_id}",
        f"{who} proposed {format_yuan(event.amount_fen)} yuan out of {event.budget_id}",
    ),
    GrantApproved: lambda event, who: (
        f"{who} 批准{format_yuan(event.amount_fen)}元",
        f"{who} approved {format_yuan(event.amount_fen)} yuan",
    ),
    GrantRefused: lambda _, who: (f"{who} 驳回该笔救助", f"{who} refused the grant"),
    GrantWithdrawn: lambda _, who: (f"{who} 撤回该笔救助", f"{who} withdrew the grant"),
    BatchOpened: lambda event, who: (
        f"{who} 开立批次{event.batch_id}",
        f"{who} opened batch {event.batch_id}",
    ),
    PaymentPrepared: prepared,
    PaymentWithdrawn: lambda event, who: (
        f"{who} 将明细{event.line_id}移出批次{event.batch_id}：{WITHDRAWAL_REASONS_ZH[event.reason]}",
        f"{who} took line {event.line_id} out of batch {event.batch_id}: {event.reason}",
    ),
    BatchLocked: lambda event, who: (
        f"{who} 锁定批次{event.batch_id}，共{event.line_count}笔",
        f"{who} locked batch {event.batch_id} with {event.line_count} lines",
    ),
    BatchUnlocked: lambda event, who: (
        f"{who} 解锁批次{event.batch_id}：{UNLOCK_REASONS_ZH[event.reason]}",
        f"{who} unlocked batch {event.batch_id}: {event.reason}",
    ),
    BatchChecked: lambda event, who: (
        f"{who} 审核批次{event.batch_id}",
        f"{who} checked batch {event.batch_id}",
    ),
    BatchApproved: lambda event, who: (
        f"{who} 批准批次{event.batch_id}",
        f"{who} approved batch {event.batch_id}",
    ),
    BatchReleased: lambda event, who: (
        f"{who} 放行批次{event.batch_id}，银行文件摘要{event.file_digest[:12]}",
        f"{who} released batch {event.batch_id}, the bank file's digest is {event.file_digest[:12]}",
    ),
    BankFileWritten: lambda event, who: (
        f"{who} 生成批次{event.batch_id}的银行文件",
        f"{who} wrote the bank file of batch {event.batch_id}",
    ),
    PaymentReleased: lambda event, _: (
        f"明细{event.line_id}随批次送银行",
        f"line {event.line_id} went to the bank",
    ),
    PaymentConfirmed: lambda event, _: (
        f"银行确认已支付{format_yuan(event.amount_fen)}元",
        f"the bank has paid {format_yuan(event.amount_fen)} yuan",
    ),
    PaymentFailed: lambda event, _: (
        f"银行未支付：{RETURN_CODES_ZH[event.code]}",
        f"the bank did not pay: {event.code}",
    ),
    PaymentReturned: lambda event, _: (
        f"款项被退回：{RETURN_CODES_ZH[event.code]}",
        f"the money came back: {event.code}",
    ),
    PaymentContradicted: lambda event, _: (
        f"明细{event.line_id}的银行回盘结果前后矛盾",
        f"the bank contradicted itself about line {event.line_id}",
    ),
    ContradictionSettled: settled,
    OverpaymentFound: lambda event, _: (
        f"明细{event.line_id}属重复支付，须追回{format_yuan(event.amount_fen)}元",
        f"line {event.line_id} was paid too; {format_yuan(event.amount_fen)} yuan have to be asked back",
    ),
    OverpaymentReturned: lambda event, _: (
        f"重复支付的明细{event.line_id}已退回",
        f"what was paid too for line {event.line_id} came back",
    ),
    OverpaymentRepaid: lambda event, who: (
        f"{who} 凭收据{event.receipt_no}登记该户退还明细{event.line_id}的{format_yuan(event.amount_fen)}元",
        f"{who} recorded by receipt {event.receipt_no} that the household gave line {event.line_id} back",
    ),
    PaymentGivenUp: lambda event, _: (
        f"救助已撤回，未付的{format_yuan(event.amount_fen)}元不再支付",
        f"the grant was withdrawn; the {format_yuan(event.amount_fen)} yuan owed are paid no more",
    ),
    BatchReconciled: lambda event, who: (
        f"{who} 按银行对账单{event.statement_no}对清批次{event.batch_id}",
        f"{who} reconciled batch {event.batch_id} with the bank's statement {event.statement_no}",
    ),
    ReversalRequested: lambda event, who: (
        f"{who} 申请冲销{format_yuan(event.reversed_fen)}元",
        f"{who} asked for {format_yuan(event.reversed_fen)} yuan to be reversed",
    ),
    ReversalWithdrawn: lambda _, who: (f"{who} 撤回冲销申请", f"{who} took the request back"),
    ReversalRefused: lambda event, who: (
        f"{who} 驳回冲销申请：{REFUSING_CAUSES[event.cause][0]}",
        f"{who} refused the reversal: {REFUSING_CAUSES[event.cause][1]}",
    ),
    PaymentReversed: lambda event, who: (
        f"{who} 批准冲销{format_yuan(event.reversed_fen)}元",
        f"{who} approved the reversal of {format_yuan(event.reversed_fen)} yuan",
    ),
}
