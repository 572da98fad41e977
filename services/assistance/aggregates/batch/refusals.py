"""Why a command on a payment batch is refused."""

from shared.rules.refusal import Refusal

ALREADY_OPENED = Refusal(
    "payment_batch.already_opened",
    zh="该批次编号已用于另一工会",
    en="this batch id has been used for another organisation",
)
ANOTHER_ORGANISATION = Refusal(
    "payment_batch.another_organisation",
    zh="该批次由其他工会办理",
    en="the batch belongs to another organisation",
)
WRONG_STEP = Refusal(
    "payment_batch.wrong_step",
    zh="批次目前的状态是{status_zh}，不能办理此环节",
    en="the batch is {status} at the moment, which this step cannot follow",
)
BEFORE_LAST_STEP = Refusal(
    "payment_batch.before_last_step",
    zh="日期不能早于批次上一环节的日期（{last_on}）",
    en="the date lies before that of the batch's last step ({last_on})",
)
BEFORE_RELEASE = Refusal(
    "payment_batch.before_release",
    zh="银行答复的日期不能早于放行日期（{released_on}）",
    en="the bank answers no earlier than the release ({released_on})",
)
BEFORE_LINES_LAST_STEP = Refusal(
    "payment_batch.before_lines_last_step",
    zh="放行日期不能早于明细{line_id}上一环节的日期（{last_on}）",
    en="the release lies before the last step on line {line_id} ({last_on})",
)
NO_LINES = Refusal("payment_batch.no_lines", zh="批次没有任何明细", en="the batch has no lines")
FULL = Refusal("payment_batch.full", zh="一个批次最多{most}条明细", en="a batch holds at most {most} lines")
SEEN_OTHERS = Refusal(
    "payment_batch.seen_others",
    zh="批次内容与所审核的不一致，请重新查看",
    en="the batch is not what was looked at; look at it again",
)
SAME_PERSON = Refusal(
    "payment_batch.same_person",
    zh="制单、审核、审批、放行、对账须由不同的人办理",
    en="making, checking, approving, releasing and reconciling a batch is for different persons",
)
BENEFICIARY = Refusal(
    "payment_batch.beneficiary",
    zh="您是本批次的收款人，须回避",
    en="who is paid by a batch takes no step on it",
)
MINUTES_MISSING = Refusal(
    "payment_batch.minutes_missing",
    zh="批次金额超过{limit}元，须注明会议纪要编号",
    en="a batch over {limit} yuan needs the minutes of a meeting",
)
NOT_ALL_ANSWERED = Refusal(
    "payment_batch.not_all_answered",
    zh="明细{line_id}尚无最终结果",
    en="what became of line {line_id} is not settled yet",
)
STATEMENT_DIFFERS = Refusal(
    "payment_batch.statement_differs",
    zh="银行对账单与台账相差{difference}元",
    en="the bank's statement differs from the books by {difference} yuan",
)
LINE_CHANGED = Refusal(
    "payment_batch.line_changed",
    zh="明细{line_id}自审核后已变动（{what_zh}），须解锁批次并移出",
    en="line {line_id} has changed since it was checked ({what}); unlock the batch and take it out",
)
