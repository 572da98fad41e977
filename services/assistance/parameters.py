"""Assistance's policy parameters; figures without a document are samples, not official."""

from collections.abc import Mapping
from datetime import date

from services.assistance.events.file import EducationStage
from shared.rules.parameter import Dated, Parameter

SAMPLE = "样例，非官方"
SHANDONG_2020 = "鲁会办〔2020〕58号"
NATIONAL_2016 = "总工办发〔2016〕36号"
CENTRAL_FUND_2015 = "中央财政专项帮扶资金使用管理办法（2015年5月8日）"
START = date(2014, 1, 1)
"""Before it nothing is shipped: no sample pretends to know older policy."""

MINIMUM_LIVING_STANDARD = Parameter[int](
    "minimum_living_standard.month",
    unit="fen",
    zh="低保标准（每人每月）",
    en="minimum living standard a person and month",
    shipped=(
        Dated(71_000, date(2015, 1, 1), "北京市低保标准2015年", "sample", "CN-11"),
        Dated(124_500, date(2021, 1, 1), "北京市低保标准2021年", "sample", "CN-11"),
        Dated(132_000, date(2022, 1, 1), "北京市低保标准2022年", "sample", "CN-11"),
        Dated(139_500, date(2023, 1, 1), "北京市低保标准2023年", "sample", "CN-11"),
        Dated(145_000, date(2024, 1, 1), "北京市低保标准2024年", "sample", "CN-11"),
    ),
)
NET_INCOME_A_HEAD = "net_income_a_head"
HARDSHIP_FORMULA = Parameter[str](
    "hardship.formula",
    unit="formula",
    zh="困难类别的认定办法；net_income_a_head：按人均净收入",
    en="by which formula hardship is classified; net_income_a_head is the one that is computed",
    shipped=(
        Dated(NET_INCOME_A_HEAD, START, SAMPLE, "sample"),
        Dated("national_2016", date(2016, 1, 1), NATIONAL_2016, "official"),
        Dated(NET_INCOME_A_HEAD, date(2020, 1, 1), SAMPLE, "sample"),
        Dated(NET_INCOME_A_HEAD, date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
DEEP_MULTIPLE = Parameter[int](
    "hardship.deep.multiple",
    unit="basis_points",
    zh="深度困难：人均净收入与低保标准之比",
    en="deep hardship: net income a head against the minimum living standard",
    shipped=(
        Dated(10_000, START, SAMPLE, "sample"),
        Dated(10_000, date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
DEEP_OPERATOR = Parameter[str](
    "hardship.deep.operator",
    unit="operator",
    zh="深度困难的比较方式",
    en="how deep hardship compares: < or <=",
    choices=("<", "<="),
    shipped=(
        Dated("<", START, SAMPLE, "sample"),
        Dated("<", date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
RELATIVE_MULTIPLE = Parameter[int](
    "hardship.relative.multiple",
    unit="basis_points",
    zh="相对困难：人均净收入与低保标准之比",
    en="relative hardship: net income a head against the minimum living standard",
    shipped=(
        Dated(20_000, START, SAMPLE, "sample"),
        Dated(20_000, date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
RELATIVE_OPERATOR = Parameter[str](
    "hardship.relative.operator",
    unit="operator",
    zh="相对困难的比较方式",
    en="how relative hardship compares: < or <=",
    choices=("<", "<="),
    shipped=(
        Dated("<", START, SAMPLE, "sample"),
        Dated("<", date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
ACCIDENT_SHARE = Parameter[int](
    "hardship.accident.share_basis_points",
    unit="basis_points",
    zh="意外致困：困难支出占家庭年收入之比",
    en="accidental hardship: the year's hardship cost against this share of the family's income",
    shipped=(
        Dated(8_000, START, SAMPLE, "sample"),
        Dated(8_000, date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
ACCIDENT_OPERATOR = Parameter[str](
    "hardship.accident.operator",
    unit="operator",
    zh="意外致困的比较方式",
    en="how accidental hardship compares: > or >=",
    choices=(">", ">="),
    shipped=(
        Dated(">", START, SAMPLE, "sample"),
        Dated(">", date(2020, 1, 1), SHANDONG_2020, "official", "CN-37"),
    ),
)
NOTICE_WORKING_DAYS = Parameter[int](
    "public_notice.working_days",
    unit="working_days",
    zh="困难职工档案公示期",
    en="public notice of a hardship file",
    shipped=(Dated(5, START, SAMPLE, "sample"),),
)
WORKING_DAY_CALENDAR = Parameter[str](
    "working_days.calendar",
    unit="calendar",
    zh="年度节假日安排：年份；放假日；调休上班日",
    en="a year's calendar: the year; days off; made-up working days",
    shipped=(
        Dated(
            "2015; 1.1-1.3 2.18-2.24 4.4-4.6 5.1-5.3 6.20-6.22 9.3-9.5 9.26-9.27 10.1-10.7;"
            " 1.4 2.15 2.28 9.6 10.10",
            date(2015, 1, 1),
            "国办发明电〔2014〕28号、国发明电〔2015〕1号",
            "official",
        ),
        Dated(
            "2024; 1.1 2.10-2.17 4.4-4.6 5.1-5.5 6.10 9.15-9.17 10.1-10.7;"
            " 2.4 2.18 4.7 4.28 5.11 9.14 9.29 10.12",
            date(2024, 1, 1),
            "国办发明电〔2023〕7号",
            "official",
        ),
    ),
)
LIVING_AID_CAP_MONTHS = Parameter[int](
    "aid.living.cap_months",
    unit="months",
    zh="每户每年生活救助上限：低保标准的月数",
    en="living aid a household and year: at most this many months of the minimum living standard",
    shipped=(
        Dated(12, START, SAMPLE, "sample"),
        Dated(12, date(2015, 5, 8), CENTRAL_FUND_2015, "official"),
    ),
)
STUDENT_AID_CAP_MONTHS = Parameter[int](
    "aid.student.cap_months",
    unit="months",
    zh="每名学生每学年助学上限：低保标准的月数",
    en="student aid a student and school year: at most this many months of the minimum living standard",
    shipped=(
        Dated(10, START, SAMPLE, "sample"),
        Dated(10, date(2015, 5, 8), CENTRAL_FUND_2015, "official"),
    ),
)
MINUTES_OVER_FEN = Parameter[int](
    "aid_grant.minutes_over_fen",
    unit="fen",
    zh="单笔救助超过此金额须经主席办公会议，附会议纪要",
    en="a grant over this amount needs the minutes of the chair's office meeting",
    shipped=(Dated(1_000_000, START, SAMPLE, "sample"),),
)
BATCH_MINUTES_OVER_FEN = Parameter[int](
    "payment_batch.minutes_over_fen",
    unit="fen",
    zh="批次总额超过此金额须经主席办公会议，附会议纪要",
    en="a payment batch over this amount needs the minutes of the chair's office meeting",
    shipped=(Dated(10_000_000, START, SAMPLE, "sample"),),
)

# What a stage is paid before and from 2021. 2011's table of Beijing is shipped as a sample without its
# condition (single-parent women under an income line); 2021's is Beijing's own.
_STAGES: Mapping[EducationStage, tuple[str, int, int, str]] = {
    "preschool": ("学前", 300_000, 300_000, "single_parent"),
    "primary": ("小学", 30_000, 300_000, "single_parent"),
    "junior_secondary": ("初中", 30_000, 300_000, "single_parent"),
    "senior_secondary": ("高中", 200_000, 400_000, "any"),
    "vocational_secondary": ("中职", 200_000, 400_000, "any"),
    "college": ("大专", 200_000, 1_245_000, "any"),
    "bachelor": ("本科", 200_000, 1_245_000, "any"),
    "postgraduate": ("研究生", 200_000, 1_245_000, "single_parent_woman"),
}
_BEIJING_2021 = date(2021, 9, 1)
_BEIJING_2021_NOTICE = "北京市总工会2021年金秋助学通知"

STUDENT_AID_CLASSES = Parameter[str](
    "student_aid.classes",
    unit="condition",
    zh="助学对象的困难类别：any 不限；deep_or_relative 深度或相对困难",
    en="which classes of hardship have student aid: any, or deep_or_relative",
    choices=("any", "deep_or_relative"),
    shipped=(
        Dated("any", START, SAMPLE, "sample", "CN-11"),
        Dated("deep_or_relative", _BEIJING_2021, _BEIJING_2021_NOTICE, "official", "CN-11"),
    ),
)
STUDENT_AID_FEN: Mapping[EducationStage, Parameter[int]] = {
    stage: Parameter[int](
        f"student_aid.amount.{stage}",
        unit="fen",
        zh=f"助学金额：{zh}",
        en=f"student aid a school year: {stage}",
        shipped=(
            Dated(before_fen, START, "北京市总工会2011年助学标准", "sample", "CN-11"),
            Dated(from_2021_fen, _BEIJING_2021, _BEIJING_2021_NOTICE, "official", "CN-11"),
        ),
    )
    for stage, (zh, before_fen, from_2021_fen, _) in _STAGES.items()
}
STUDENT_AID_CONDITION: Mapping[EducationStage, Parameter[str]] = {
    stage: Parameter[str](
        f"student_aid.condition.{stage}",
        unit="condition",
        zh=f"助学条件：{zh}",
        en=f"which households: any, single_parent or single_parent_woman: {stage}",
        choices=("any", "single_parent", "single_parent_woman"),
        shipped=(
            Dated("any", START, SAMPLE, "sample", "CN-11"),
            Dated(condition, _BEIJING_2021, _BEIJING_2021_NOTICE, "official", "CN-11"),
        ),
    )
    for stage, (zh, _, _, condition) in _STAGES.items()
}

ALL: tuple[Parameter[int] | Parameter[str], ...] = (
    MINIMUM_LIVING_STANDARD,
    HARDSHIP_FORMULA,
    DEEP_MULTIPLE,
    DEEP_OPERATOR,
    RELATIVE_MULTIPLE,
    RELATIVE_OPERATOR,
    ACCIDENT_SHARE,
    ACCIDENT_OPERATOR,
    NOTICE_WORKING_DAYS,
    WORKING_DAY_CALENDAR,
    LIVING_AID_CAP_MONTHS,
    STUDENT_AID_CAP_MONTHS,
    MINUTES_OVER_FEN,
    BATCH_MINUTES_OVER_FEN,
    STUDENT_AID_CLASSES,
    *STUDENT_AID_FEN.values(),
    *STUDENT_AID_CONDITION.values(),
)
