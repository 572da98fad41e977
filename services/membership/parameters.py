"""Membership's policy parameters."""

from datetime import date

from shared.rules.parameter import Dated, Parameter

JOINING_AGE_YEARS = Parameter[int](
    "member.joining_age_years",
    unit="years",
    zh="入会最低年龄",
    en="least age at joining",
    shipped=(Dated(16, date(1995, 1, 1), "劳动法第十五条", "sample"),),
)

ALL = (JOINING_AGE_YEARS,)
