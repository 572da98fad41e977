"""Synthetic people: an index always gives the same person, whose numbers are valid.

Nothing here is random: two runs, two machines and two services mean the same person by the same index.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shared.standards.identity_number import IdentityNumber, check_character
from shared.standards.mobile import MobileNumber
from shared.standards.person_name import PersonName

MENTOUGOU = "110109"
PEOPLE_MAX = 1_000_000

_FIRST_BIRTHDAY = date(1958, 1, 1)
_BIRTHDAYS = 16_000  # up to 21 October 2001: people of working age or newly retired
_STRIDE = (
    7_919  # a prime that does not divide _BIRTHDAYS: neighbours differ in age, and no birthday is left out
)
_FIRST_SEQUENCE = 110  # 100 is passed over: numbers that end with 000 look like lost digits

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
    "程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
)
_GIVEN = {
    "male": "伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林",
    "female": "芳娜敏静丽艳娟霞秀燕玲桂英红梅萍蓉雪慧莉洁琳颖婷倩莹晶欣悦兰",
}
_RARE = {"male": "买买提·吐尔逊", "female": "阿依古丽·买买提"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the registers ask of a person."""

    identity_number: IdentityNumber
    name: PersonName
    sex: Literal["male", "female"]
    born_on: date
    mobile: MobileNumber


def person(index: int) -> Person:
    """Returns the person of an index from 0 to 999,999; identity number and mobile differ for every index.

    Odd indexes are women. Of every five hundred people the last two have a name with a middle dot, the two
    before them a character beyond the BMP. Names repeat, as they do in life.
    """
    if not 0 <= index < PEOPLE_MAX:
        raise ValueError(f"there are people from 0 to {PEOPLE_MAX - 1}")
    sex: Literal["male", "female"] = "female" if index % 2 else "male"
    pair = index // 2
    born_on = _FIRST_BIRTHDAY + timedelta(days=pair * _STRIDE % _BIRTHDAYS)
    sequence = _FIRST_SEQUENCE + 2 * (pair // _BIRTHDAYS) + (sex == "male")
    return Person(
        identity_number=identity_number(born_on, sequence),
        name=PersonName(_name(index, sex)),
        sex=sex,
        born_on=born_on,
        mobile=MobileNumber(f"1990{index:07}"),
    )


def identity_number(born_on: date, sequence: int) -> IdentityNumber:
    """Returns the valid number of who was born that day; an odd sequence (0 to 999) is a man's."""
    first_17 = f"{MENTOUGOU}{born_on:%Y%m%d}{sequence:03}"
    return IdentityNumber(first_17 + check_character(first_17))


def _name(index: int, sex: Literal["male", "female"]) -> str:
    if index % 500 in (498, 499):
        return _RARE[sex]
    given = _GIVEN[sex]
    pair, surname = divmod(index // 2, len(_SURNAMES))
    first, second = given[pair % len(given)], given[pair // len(given) % len(given)]
    if index % 500 in (496, 497):
        first, second = "\U00020bb7", ""  # 𠮷, which needs four bytes
    return _SURNAMES[surname] + first + (second if pair % 3 else "")
