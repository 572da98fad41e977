"""Why a command on a hardship file is refused."""

from shared.rules.refusal import Refusal

UNKNOWN = Refusal("hardship_file.unknown", zh="困难职工档案不存在", en="the hardship file does not exist")
ALREADY_OPENED = Refusal(
    "hardship_file.already_opened",
    zh="该档案编号已使用，内容不同",
    en="this file id has been used, with other particulars",
)
ANOTHER_ORGANISATION = Refusal(
    "hardship_file.another_organisation",
    zh="该档案由其他工会管理",
    en="the file is kept by another organisation",
)
MEMBER_IN_ANOTHER_FILE = Refusal(
    "hardship_file.member_in_another_file",
    zh="家庭成员已列入另一份在用的困难职工档案（一户一档）",
    en="somebody of the household stands in another open file; one household has one file",
)
APPLICANT_HAS_FILE = Refusal(
    "hardship_file.applicant_has_file",
    zh="申请人已有困难职工档案，请在原档案上办理（已办结的先重新启用）",
    en="the applicant has a file already; go on with that one, or reopen it if it was closed",
)
AIDED_IN_ANOTHER_FILE = Refusal(
    "hardship_file.aided_in_another_file",
    zh="家庭成员本年度已在另一份档案中受助，本年度应在原档案中办理",
    en="somebody of the household was aided in another file this year; this year's aid is given there",
)
ACCOUNT_OF_ANOTHER_HOUSEHOLD = Refusal(
    "hardship_file.account_of_another_household",
    zh="该银行账号已登记在另一户名下",
    en="this account is recorded for another household",
)
APPLICANT_MISSING = Refusal(
    "hardship_file.applicant_missing",
    zh="家庭成员中须有且只有一名申请人（本人）",
    en="exactly one of the household is the applicant, as self",
)
MEMBER_TWICE = Refusal(
    "hardship_file.member_twice",
    zh="同一人不能在家庭成员中列两次",
    en="somebody is named twice in the household",
)
APPLICANT_CHANGES = Refusal(
    "hardship_file.applicant_changes",
    zh="申请人与档案不符",
    en="the applicant is not that of the file",
)
OWN_HOUSEHOLD = Refusal(
    "hardship_file.own_household",
    zh="本人家庭的档案须回避，不能经办",
    en="nobody handles the file of their own household",
)
WRONG_STEP = Refusal(
    "hardship_file.wrong_step",
    zh="档案目前为“{status_zh}”，不能办理此项",
    en="the file is at {status}; this is not its next step",
)
BEFORE_LAST_STEP = Refusal(
    "hardship_file.before_last_step",
    zh="日期不能早于上一环节的日期（{last_on}）",
    en="the date lies before that of the last step ({last_on})",
)
PROOFS_MISSING = Refusal(
    "hardship_file.proofs_missing",
    zh="还缺证明材料：{missing_zh}",
    en="proofs are missing: {missing}",
)
HOLDER_NOT_OF_HOUSEHOLD = Refusal(
    "hardship_file.holder_not_of_household",
    zh="账户户名须为家庭成员",
    en="the account is held by nobody of the household",
)
REVIEWER_IS_CASEWORKER = Refusal(
    "hardship_file.reviewer_is_caseworker",
    zh="初审人不能是经办人",
    en="the reviewer is a caseworker of this file",
)
VISITORS = Refusal(
    "hardship_file.visitors",
    zh="入户须两人以上，且至少一人不是经办人",
    en="two visit a household at least, and one of them is no caseworker of the file",
)
VISITOR_OF_HOUSEHOLD = Refusal(
    "hardship_file.visitor_of_household",
    zh="该户家庭成员不能作为入户人员",
    en="nobody visits their own household",
)
NOT_AUTHORISED = Refusal(
    "hardship_file.not_authorised",
    zh="申请人须签字授权核对家庭经济状况",
    en="the applicant has not signed the authorisation of the economic check",
)
NOTICE_NOT_CONSENTED = Refusal(
    "hardship_file.notice_not_consented",
    zh="公示须经申请人单独同意",
    en="the applicant has not consented to the public notice",
)
AUTHORISATION_EXPIRED = Refusal(
    "hardship_file.authorisation_expired",
    zh="核对授权已于{until}到期，须重新授权",
    en="the authorisation ended on {until}; the applicant has to sign another",
)
FINDINGS = Refusal(
    "hardship_file.findings", zh="金额和人数不能为负", en="amounts and heads cannot be below nothing"
)
NO_CALENDAR = Refusal(
    "hardship_file.no_calendar",
    zh="尚未载入{year}年的节假日安排，不能计算公示期",
    en="no calendar of {year} is loaded, so working days cannot be counted",
)
OBJECTION_UNKNOWN = Refusal(
    "hardship_file.objection_unknown", zh="没有这项待处理的异议", en="no such objection waits for a decision"
)
NOTICE_RUNS = Refusal(
    "hardship_file.notice_runs",
    zh="公示期至{last_on}结束，次日起才能审批",
    en="the notice runs until the end of {last_on}; approval is possible from the next day",
)
OBJECTION_OPEN = Refusal(
    "hardship_file.objection_open",
    zh="公示期间收到的异议尚未处理",
    en="an objection to the notice has not been decided",
)
APPROVER_TOOK_PART = Refusal(
    "hardship_file.approver_took_part",
    zh="审批人不能是本档案的经办人或初审人",
    en="the approver was caseworker or reviewer of this file",
)
FORMULA_UNKNOWN = Refusal(
    "hardship_file.formula_unknown",
    zh="{day}适用另一种认定办法（{formula_zh}），本系统不能计算困难类别",
    en="on {day} another formula of hardship applies ({formula}), which is not computed here",
)
UNDECIDABLE = Refusal(
    "hardship_file.undecidable",
    zh="家庭收入或人口不明，不能认定困难类别",
    en="income or size of the household is unknown, so no class can be decided",
)
NOT_IN_HARDSHIP = Refusal(
    "hardship_file.not_in_hardship",
    zh="月人均净收入{net}元，不符合任何困难类别（低保标准每人每月{standard}元）",
    en="{net} yuan a head and month meet no class of hardship (minimum living standard {standard} yuan)",
)
NOT_EARLIER = Refusal(
    "hardship_file.not_earlier", zh="只能退回到更早的环节", en="a file is returned to an earlier step only"
)
CAUSE_OF_ANOTHER_END = Refusal(
    "hardship_file.cause_of_another_end",
    zh="办结为“{outcome_zh}”的原因只能是：{causes_zh}",
    en="a file ends as {outcome} for one of these causes: {causes}",
)
BASIS_MISSING = Refusal(
    "hardship_file.basis_missing", zh="驳回须注明依据", en="a file is refused on a basis; name it"
)
