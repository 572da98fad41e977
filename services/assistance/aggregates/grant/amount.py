"""How much a grant is, and the caps that it may not lift a household or a student above."""

from datetime import date

from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.aggregates.relief_campaign import STUDENT_AID
from services.assistance.events.campaign import CampaignOpened, Programme
from services.assistance.events.file import AidKind
from services.assistance.parameters import (
    LIVING_AID_CAP_MONTHS,
    MINIMUM_LIVING_STANDARD,
    STUDENT_AID_CAP_MONTHS,
    STUDENT_AID_CLASSES,
    STUDENT_AID_CONDITION,
    STUDENT_AID_FEN,
)
from shared.rules.context import Context
from shared.rules.refusal import Refusal
from shared.standards.money import format_yuan

NOT_A_STUDENT = Refusal(
    "aid_grant.not_a_student",
    zh="受助人未登记就学阶段，不能助学",
    en="the beneficiary has no stage of education on file",
)
STUDENT_CONDITION = Refusal(
    "aid_grant.student_condition",
    zh="该教育阶段的助学对象为{condition_zh}，该户不符合",
    en="aid at this stage is for {condition}; this household is not",
)
STUDENT_CLASS = Refusal(
    "aid_grant.student_class",
    zh="助学只面向深度困难和相对困难职工家庭，该户不属此类",
    en="student aid is for households in deep or relative hardship; this one is in neither",
)
NOTHING_TO_PAY = Refusal(
    "aid_grant.nothing_to_pay",
    zh="该教育阶段没有助学金额",
    en="the table pays nothing at this stage",
)
LIVING_CAP = Refusal(
    "aid_grant.living_cap",
    zh="超过每户每年生活救助上限{cap}元：{year}年已救助{aided}元，本笔{amount}元",
    en="over the cap of {cap} yuan a household and year: {aided} yuan in {year}, and {amount} yuan now",
)
STUDENT_CAP = Refusal(
    "aid_grant.student_cap",
    zh="超过每名学生每学年助学上限{cap}元：{year}学年已助学{aided}元，本笔{amount}元",
    en="over the cap of {cap} yuan a student and school year: {aided} yuan in {year}, and {amount} yuan now",
)
CONDITIONS = {
    "single_parent": ("单亲困难职工家庭", "single parents"),
    "single_parent_woman": ("单亲女职工家庭", "single mothers"),
}
STUDENT_CLASSES = {("deep_or_relative", "deep"), ("deep_or_relative", "relative")}
"""The values of the parameter beside ``any``, each with a class that has aid then."""


def aid_kind(programme: Programme) -> AidKind:
    """Which cap a programme's aid counts towards."""
    return "student_aid" if programme == STUDENT_AID else "living_aid"


def aid_year(programme: Programme, season_year: int, day: date) -> int:
    """The year that a cap is about: of student aid the school year, of living aid the calendar year.

    Festival aid given in December counts in the calendar year of the decision, though its campaign bears the
    festival's year. Source: handbook, assistance 2.2.
    """
    return season_year if programme == STUDENT_AID else day.year


def amount_of(
    opening: CampaignOpened, file: HardshipFile, person_id: str, day: date, context: Context
) -> int:
    """The amount in fen: the campaign's, or that of the student's stage.

    Source: handbook, assistance 2.6: stage, single parent and sex choose the row of the table, which may be
    for some classes of hardship only.
    """
    if opening.amount_fen is not None:
        return opening.amount_fen
    member = file.member(person_id)
    stage = member.education_stage if member is not None else None
    if stage is None:
        raise NOT_A_STUDENT(field="person_id")
    classes: str = context.parameter(STUDENT_AID_CLASSES, day)
    if classes != "any" and (classes, file.hardship_class) not in STUDENT_CLASSES:
        raise STUDENT_CLASS(field="file_id")
    condition: str = context.parameter(STUDENT_AID_CONDITION[stage], day)
    is_single_woman = file.single_parent and file.applicant_sex == "female"
    meets = {"any": True, "single_parent": file.single_parent, "single_parent_woman": is_single_woman}
    if not meets[condition]:
        condition_zh, condition_en = CONDITIONS[condition]
        raise STUDENT_CONDITION(field="person_id", condition_zh=condition_zh, condition=condition_en)
    amount_fen: int = context.parameter(STUDENT_AID_FEN[stage], day)
    if amount_fen <= 0:
        raise NOTHING_TO_PAY(field="person_id")
    return amount_fen


def counted_for(kind: AidKind, household_person_ids: tuple[str, ...], person_id: str) -> tuple[str, ...]:
    """In whose year aid counts: living aid in that of each of the household, student aid in the student's."""
    return (person_id,) if kind == "student_aid" else household_person_ids


def check_cap(
    file: HardshipFile,
    kind: AidKind,
    person_ids: tuple[str, ...],
    year: int,
    amount_fen: int,
    day: date,
    context: Context,
) -> None:
    """Raises the refusal of a cap that the amount would lift anybody's sum above.

    Source: 中央财政专项帮扶资金使用管理办法 (2015-05-08), arts. 2 to 5; the sum of a year against
    months of the minimum living standard in force on the day of the decision.
    """
    months = LIVING_AID_CAP_MONTHS if kind == "living_aid" else STUDENT_AID_CAP_MONTHS
    cap_fen = context.parameter(months, day) * context.parameter(MINIMUM_LIVING_STANDARD, day)
    aided_fen = max(file.aided_fen(kind, each, year) for each in person_ids)
    if aided_fen + amount_fen <= cap_fen:
        return
    refusal = LIVING_CAP if kind == "living_aid" else STUDENT_CAP
    raise refusal(
        field="person_id",
        cap=format_yuan(cap_fen),
        year=year,
        aided=format_yuan(aided_fen),
        amount=format_yuan(amount_fen),
    )
