"""Membership's policy parameters."""

from datetime import date

from shared.rules.parameter import Dated, Parameter

JOINING_AGE_YEARS = Parameter[int](
    "member.joining_age_years",
    unit="years",
    zh="入会最低年龄",
    en="least age at joining",
    shipped=(
        # Who joined before the Labour Law is on rosters, too.
        Dated(16, date(1949, 10, 1), "样例，非官方", "sample"),
        Dated(16, date(1995, 1, 1), "劳动法第十五条", "sample"),
    ),
)

ALL = (JOINING_AGE_YEARS,)
