"""Membership's policy parameters."""

from datetime import date

from shared.rules.parameter import Dated, Parameter

JOINING_AGE_YEARS = Parameter[int](
    "member.joining_age_years",
    unit="years",
    zh="入会最低年龄",
    en="least age at joining",
    # Who joined before the Labour Law of 1995 is on rosters, too.
    shipped=(Dated(16, date(1949, 10, 1), "劳动法第十五条（1995年以前为样例）", "sample"),),
)

ALL = (JOINING_AGE_YEARS,)
