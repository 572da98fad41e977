"""Why a command on an aid grant is refused."""

from shared.rules.refusal import Refusal

UNKNOWN = Refusal("aid_grant.unknown", zh="该笔救助不存在", en="the aid grant does not exist")
ALREADY_PROPOSED = Refusal(
    "aid_grant.already_proposed",
    zh="该救助编号已使用，内容不同",
    en="this grant id has been used, with other particulars",
)
ANOTHER_ORGANISATION = Refusal(
    "aid_grant.another_organisation",
    zh="该笔救助由其他工会办理",
    en="the grant belongs to another organisation",
)
FILE_NOT_ON_FILE = Refusal(
    "aid_grant.file_not_on_file",
    zh="{day}该户不在档；先建档后帮扶",
    en="on {day} the household is not on file; the file comes first, aid second",
)
CAMPAIGN_NOT_OPEN = Refusal(
    "aid_grant.campaign_not_open",
    zh="{day}不在该活动的期限内",
    en="the campaign is not open on {day}",
)
CAMPAIGN_OUT_OF_SCOPE = Refusal(
    "aid_grant.campaign_out_of_scope",
    zh="只能在本工会或上级工会的活动中申报",
    en="a grant is proposed in a campaign of its own organisation, or of one above it",
)
NOT_OF_HOUSEHOLD = Refusal(
    "aid_grant.not_of_household",
    zh="受助人不是该户家庭成员",
    en="the beneficiary is not of this household",
)
HOUSEHOLD_AIDED = Refusal(
    "aid_grant.household_aided",
    zh="该户在本次活动中已有救助，不能重复救助",
    en="the household has a grant in this campaign already",
)
STUDENT_AIDED = Refusal(
    "aid_grant.student_aided",
    zh="该生本学年已有助学，不能重复救助",
    en="the student has aid of this school year already",
)
OWN_HOUSEHOLD = Refusal(
    "aid_grant.own_household",
    zh="受助人及其家庭成员须回避，不能经办",
    en="nobody handles a grant to their own household",
)
SAME_PERSON = Refusal("aid_grant.same_person", zh="审批人不能是经办人", en="the approver proposed this grant")
MINUTES_MISSING = Refusal(
    "aid_grant.minutes_missing",
    zh="救助金额超过{limit}元，须附主席办公会议纪要",
    en="a grant over {limit} yuan needs the minutes of the chair's office meeting",
)
NOT_PROPOSED = Refusal(
    "aid_grant.not_proposed",
    zh="该笔救助已{status_zh}，不能再办理",
    en="the grant has been {status} and takes no other decision",
)
BEFORE_LAST_STEP = Refusal(
    "aid_grant.before_last_step",
    zh="日期不能早于上一环节的日期（{last_on}）",
    en="the date lies before that of the last step ({last_on})",
)
PAYMENT_UNDER_WAY = Refusal(
    "aid_grant.payment_under_way",
    zh="该笔救助正在支付或已支付，不能撤回",
    en="money for this grant is on its way or has arrived; it cannot be withdrawn",
)
BENEFICIARY_CHANGES = Refusal(
    "aid_grant.beneficiary_changes", zh="受助人与该笔救助不符", en="the beneficiary is not that of the grant"
)
