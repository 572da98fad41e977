"""What becomes of a row: recorded as new or changed, found unchanged, or refused with what to correct."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.log.entry import Answer
from shared.rules.context import Actor
from shared.rules.refusal import Refusal
from shared.runtime.calls import Call, refused_call
from shared.runtime.commands import Request
from shared.runtime.refusals import RefusedInput
from shared.standards.invalid import Invalid

REPEATED = Refusal(
    "import.repeated_row",
    zh="与前面一行所指相同，同一文件中只能有一行",
    en="an earlier row is about the same; a file may have one only",
)
MISSING = Refusal("import.cell_missing", zh="必须填写", en="must be filled in")
NOT_FOUND = Refusal(
    "import.organisation_not_found",
    zh="找不到这个工会，请填写全称、上级/名称、组织编号或统一社会信用代码",
    en="there is no such organisation; give its name, parent/name, number or credit code",
)
SEVERAL = Refusal(
    "import.organisation_ambiguous",
    zh="有几个同名工会，请写成“上级/名称”，或填写统一社会信用代码",
    en="several organisations have this name; write parent/name, or the credit code",
)

Word = Literal["new", "changed", "unchanged"]
Problem = tuple[str, Invalid | Refusal]
"""A column's field and what is wrong with its cell."""

# Rules speak of a command's fields, and whoever made the sheet knows its columns.
COLUMN_OF = {
    "organisation_id": "organisation",
    "organisation_name": "name",
    "parent_id": "parent",
    "changed_on": None,
    "person_id": "identity_number",
    "member_id": "identity_number",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a row asks for: a command, and what it means for the row if it is accepted."""

    word: Word
    request: Request


Result = Wish | Word | Exception


def wrong_row(problems: Sequence[Problem]) -> RefusedInput:
    """A row refused for its cells."""
    told = [
        {"code": each.code, "zh": each.zh, "en": each.en, "field": field, "problems": []}
        for field, each in problems
    ]
    return RefusedInput([{name: each[name] for name in ("code", "zh", "en", "field")} for each in told])


def acting_for(
    call: Call, organisations: Iterable[str | None], scope: str = "organisation_id"
) -> dict[Any, Actor | Exception]:
    """Who acts for each organisation, or why nobody does."""
    wanted = list(dict.fromkeys(organisations))
    return dict(zip(wanted, call.acting(scope, [{scope: each} for each in wanted]), strict=True))


def carry_out(call: Call, results: list[Result], *, dry_run: bool) -> list[Word | Exception]:
    """Have the wishes decided in turn and recorded, or only rehearsed; what became of each row."""
    wishes = [each for each in results if isinstance(each, Wish)]
    requests = [each.request for each in wishes]
    outcomes: Sequence[Any]
    if dry_run:
        outcomes = call.house.rehearse_many(requests)
    else:
        outcomes = call.house.handle_many(requests) if requests else []
    became = iter([_became(wish, outcome) for wish, outcome in zip(wishes, outcomes, strict=True)])
    return [next(became) if isinstance(each, Wish) else each for each in results]


def _became(wish: Wish, outcome: Answer | Exception | None) -> Word | Exception:
    match outcome:
        case Exception():
            return outcome
        case Answer(first_position=None) | Answer(repeated=True):
            return "unchanged"
        case _:
            return wish.word


def told(call: Call, method: str, rows: Sequence[Word | Exception]) -> list[dict[str, Any]]:
    """Each row's answer: ``{row}``, and of a refused one ``{refused: {code, zh, en, field, problems}}``."""
    return [
        {"row": each}
        if not isinstance(each, Exception)
        else {"row": "refused", "refused": _in_columns(refused_call(method, each, call).as_plain())}
        for each in rows
    ]


def _in_columns(refused: dict[str, Any]) -> dict[str, Any]:
    field = refused["field"]
    return refused | {"field": COLUMN_OF.get(field, field)}
