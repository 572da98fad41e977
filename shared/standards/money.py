"""Money as whole fen: read from 元 or 万元, printed for people and for files, and in capital numerals.

Source: handbook, glossary 6 and 8.5; capital numerals after the rules for filling in settlement instruments
(正确填写票据和结算凭证的基本规定, annex 1 of 支付结算办法, 银发〔1997〕393号).
"""

import re
from typing import Literal

from shared.standards.invalid import Invalid

# Below 10,000 亿元: what the capital numerals can write and every JSON reader keeps exactly.
FEN_MAX = 99_999_999_999_999

Unit = Literal["yuan", "ten_thousand_yuan"]
_DECIMAL_PLACES: dict[Unit, int] = {"yuan": 2, "ten_thousand_yuan": 6}
_SIGN: dict[Unit, str] = {"yuan": "元", "ten_thousand_yuan": "万元"}

_NARROW = str.maketrans("０１２３４５６７８９，．－￥", "0123456789,.-¥")
_AMOUNT = re.compile(r"¥?(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?(万?元)?")
_LONGEST_TYPED = 64

_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")


def parse_yuan(text: str, unit: Unit = "yuan") -> int:
    """Returns the amount in fen, exactly; an amount is never rounded.

    Arguments: `text` such as `1,234.50`, `-8` or `￥300`; `unit` is what the number counts, as the column's
    heading states it. A unit written behind the number must be the same.
    Refused: money.form, .unit, .below_fen, .too_large.
    """
    found = _AMOUNT.fullmatch(text.strip().translate(_NARROW)) if len(text) <= _LONGEST_TYPED else None
    if found is None:
        raise Invalid("money.form", "金额应为数字，如 1,234.50", "must be a number such as 1,234.50")
    minus, whole, fraction, sign = found.groups(default="")
    if sign not in ("", _SIGN[unit]):
        raise Invalid(
            "money.unit",
            f"该列单位为{_SIGN[unit]}，与所写单位不同",
            "is written in another unit than the column's",
        )
    places = _DECIMAL_PLACES[unit]
    if fraction[places:].strip("0"):
        raise Invalid("money.below_fen", "金额不能小于分", "must be a whole number of fen")
    fen = int(whole.replace(",", "") + fraction[:places].ljust(places, "0"))
    _check_size(fen)
    return -fen if minus else fen


def format_yuan(fen: int) -> str:
    """Returns fen as yuan with separators and two decimals, for people: 123450 is `1,234.50`."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02}"


def plain_yuan(fen: int) -> str:
    """Returns fen as yuan without separators, for files that programs read: 123450 is `1234.50`."""
    return format_yuan(fen).replace(",", "")


def in_words(fen: int) -> str:
    """Returns the amount in capital numerals (大写金额): 140950 is 壹仟肆佰零玖元伍角.

    Where the rules leave a choice, the form named first is taken: no 零 after 万 or 亿 when the place of the
    thousands is filled, a 零 after 元 when the place of the yuan is empty, 整 after 元 only.
    Refused: money.negative, .too_large.
    """
    if fen < 0:
        raise Invalid(
            "money.negative", "大写金额不能为负", "a negative amount cannot be written in capital numerals"
        )
    _check_size(fen)
    yuan, (jiao, single_fen) = fen // 100, divmod(fen % 100, 10)
    words = _whole_in_words(yuan) + "元" if yuan or fen == 0 else ""
    if not jiao and not single_fen:
        return words + "整"
    if yuan and (not jiao or yuan % 10 == 0):
        words += "零"
    if jiao:
        words += _NUMERALS[jiao] + "角"
    if single_fen:
        words += _NUMERALS[single_fen] + "分"
    return words


def _whole_in_words(number: int) -> str:
    words = ""
    gap = False
    for size, sign in ((100_000_000, "亿"), (10_000, "万"), (1, "")):
        section = number // size % 10_000
        if not section:
            gap = bool(words)
            continue
        for digit, place in zip(f"{section:04}", _PLACES, strict=True):
            if digit == "0":
                gap = bool(words)
            else:
                words += ("零" if gap else "") + _NUMERALS[int(digit)] + place
                gap = False
        words += sign
        gap = False
    return words or "零"


def _check_size(fen: int) -> None:
    if fen > FEN_MAX:
        raise Invalid(
            "money.too_large", "金额过大，应小于一万亿元", "must be less than 1,000,000,000,000 yuan"
        )
