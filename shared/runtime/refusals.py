"""Why input is refused at the edge: one refusal for each way in which a field can be wrong."""

from typing import Any

from shared.rules.refusal import Refusal, Refused
from shared.standards.invalid import Invalid

INPUT_INVALID = Refusal(
    "input.invalid",
    zh="提交的内容有{count}处不符合要求",
    en="the input has to be corrected; places: {count}",
)

FIELD_UNKNOWN = Refusal("field.unknown", zh="没有这个字段", en="is not a known field")
FIELD_MISSING = Refusal("field.missing", zh="缺少这个字段", en="is missing")
FIELD_NULL = Refusal("field.null", zh="不能为空值", en="must not be null")
FIELD_TYPE = Refusal("field.type", zh="应为{kind_zh}", en="must be {kind_en}")
FIELD_TOO_LONG = Refusal(
    "field.too_long", zh="不能超过{longest}个字", en="must not be longer than {longest} characters"
)
FIELD_TOO_MANY = Refusal("field.too_many", zh="不能超过{most}项", en="must not have more than {most} entries")
FIELD_NOT_ONE_OF = Refusal("field.not_one_of", zh="应为下列之一：{choices}", en="must be one of: {choices}")
FIELD_NUMBER_RANGE = Refusal(
    "field.number_range", zh="应在{least}与{most}之间", en="must lie between {least} and {most}"
)
FIELD_IDENTITY = Refusal(
    "field.identity",
    zh="标识应为1至{longest}个字符，只用字母、数字和 . _ : -",
    en="an identity has 1 to {longest} characters: letters, digits and . _ : -",
)
DATE_FORM = Refusal("date.form", zh="日期应写作 2017-04-18", en="must be written as 2017-04-18")

# So that the answer to a thousand wrong rows stays small; its sentence counts all of them.
PROBLEMS_TOLD_MAX = 100


def wrong(refusal: Refusal, **values: object) -> Invalid:
    """A field's refusal as the standards raise it; the values are limits, never what was given."""
    return Invalid(refusal.code, refusal.zh.format(**values), refusal.en.format(**values))


class RefusedInput(Refused):
    """Input does not fit its message type; everything wrong with it is told at once.

    Args:
        problems: plain ``{code, zh, en, field}``; ``field`` is a dotted path, None for the input as a whole.
    """

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(INPUT_INVALID, None, {"count": len(problems)})
        self.problems = problems[:PROBLEMS_TOLD_MAX]

    def as_plain(self) -> dict[str, Any]:
        return {**super().as_plain(), "problems": self.problems}

    def __str__(self) -> str:
        places = ", ".join(f"{problem['field']} {problem['code']}" for problem in self.problems)
        return f"{super().__str__()}: {places}"
