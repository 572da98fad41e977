"""The roster of members as a sheet: its headings, and how each cell is read.

Source: handbook, membership 5 (real-name fields) and 6; the district's own workbook decides, hence aliases.
"""

from collections.abc import Mapping

from shared.files.cells import Read, day, one_of, plain_text, yes_or_no
from shared.files.layout import Column, Fields, Layout
from shared.standards.identity_number import IdentityNumber
from shared.standards.invalid import Invalid
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName

EMPLOYMENT_STATUS = {
    "在岗": "on_post",
    "在职": "on_post",
    "待岗": "waiting_for_post",
    "下岗": "waiting_for_post",
    "待岗(下岗)": "waiting_for_post",
    "失业": "unemployed",
    "无业": "unemployed",
    "失(无)业": "unemployed",
    "退休": "retired",
    "病休": "sick_leave",
    "内退": "internally_retired",
    "农民工": "migrant_worker",
    "公益性岗位": "community_post",
    "公益岗位": "community_post",
    "灵活就业": "flexible",
}
OCCUPATION_GROUP = {
    "无": "none",
    "否": "none",
    "不是": "none",
    "货车司机": "truck_driver",
    "网约车司机": "ride_hailing_driver",
    "快递员": "courier",
    "外卖配送员": "food_delivery_rider",
    "外卖员": "food_delivery_rider",
    "送餐员": "food_delivery_rider",
    "其他": "other_new_employment",
    "其他新就业形态": "other_new_employment",
    "其他新就业形态劳动者": "other_new_employment",
}
DOCUMENT_TYPE = {
    "居民身份证": "resident_identity_card",
    "身份证": "resident_identity_card",
    "港澳居民居住证": "hong_kong_macao_residence_permit",
    "台湾居民居住证": "taiwan_residence_permit",
    "外国人永久居留身份证": "foreign_permanent_residence",
}
SEX = {"男": "male", "男性": "male", "女": "female", "女性": "female"}

READS: Mapping[str, Read] = {
    "name": PersonName.parse,
    "document_type": one_of(DOCUMENT_TYPE),
    "identity_number": IdentityNumber.parse,
    "sex": one_of(SEX),
    "birth_date": day,
    "mobile": MobileNumber.parse,
    "employment_status": one_of(EMPLOYMENT_STATUS),
    "occupation_group": one_of(OCCUPATION_GROUP),
    "migrant_worker": yes_or_no,
    "organisation": plain_text,
    "joined_on": day,
    "consent_version": plain_text,
}


def number_of(row: Fields) -> str | None:
    """The identity number in its one form, so that 15 and 18 digits are the same person."""
    try:
        return IdentityNumber.parse(row.get("identity_number", ""))
    except Invalid:
        return None


MEMBERS = Layout(
    method="import_members",
    columns=(
        Column("name", "姓名", ("会员姓名", "职工姓名"), required=True),
        Column("document_type", "证件类型", ("证件种类",)),
        Column(
            "identity_number",
            "身份证号",
            ("身份证号码", "身份证", "证件号码", "证件号", "公民身份号码", "居民身份证号"),
            required=True,
        ),
        Column("sex", "性别"),
        Column("birth_date", "出生日期", ("出生年月日",)),
        Column("mobile", "手机号", ("手机", "手机号码", "联系电话", "联系方式", "移动电话", "电话")),
        Column("employment_status", "就业状态", ("就业状况", "在岗状态")),
        Column("occupation_group", "新就业群体", ("新就业形态", "新就业形态群体", "新就业形态劳动者")),
        Column("migrant_worker", "农民工", ("是否农民工",)),
        Column(
            "organisation",
            "所属工会",
            ("所在工会", "基层工会", "工会名称", "所属工会组织", "所属基层工会"),
            required=True,
        ),
        Column("joined_on", "入会日期", ("入会时间",)),
        Column("consent_version", "同意书版本", ("同意记录", "知情同意书", "告知书版本")),
    ),
    key=number_of,
)
