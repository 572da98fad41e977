"""How services' answers and methods look on a screen: tables for people, or JSON."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from shared.cli.arguments import schema_of_arguments, type_in_words
from shared.cli.screen import Screen
from shared.cli.sentences import visible
from shared.cli.showing import told

if TYPE_CHECKING:
    from shared.runtime.methods import Declared

SHOWN_MOST = 200


def show_answer(answer: Any, screen: Screen) -> None:
    """What a method answered."""
    if screen.as_json:
        screen.put(answer)
    elif isinstance(answer, Mapping) and answer.keys() == {"answer", "known", "complete"}:
        show_value(answer["answer"], screen)
        known = ", ".join(f"{name} {position:,}" for name, position in answer["known"].items())
        screen.say(f"依据：{known}", f"known up to: {known}", "dim")
        if not answer["complete"]:
            screen.say(
                "结果不完整：有事件尚未计入", "incomplete: some events are not counted yet", "bold yellow"
            )
    else:
        show_value(answer, screen)


def show_value(value: Any, screen: Screen) -> None:
    """A table for a mapping or a list of them, a line for all else."""
    if value is None or value in ([], {}):
        screen.say("（无）", "(nothing)", "dim")
    elif isinstance(value, Mapping):
        table = Table(show_header=False, box=None)
        for name, each in value.items():
            table.add_row(Text(visible(str(name)), "dim"), Text(told(each), overflow="fold"))
        screen.out.print(table)
    elif isinstance(value, Sequence) and value and all(isinstance(each, Mapping) for each in value):
        show_rows(value, screen)
    else:
        screen.out.print(Text(told(value)))


def show_rows(rows: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    table = Table(*(visible(name) for name in names))
    for row in rows[:SHOWN_MOST]:
        table.add_row(*(Text(told(row[name]) if name in row else "", overflow="fold") for name in names))
    screen.out.print(table)
    if (more := len(rows) - SHOWN_MOST) > 0:
        screen.say(f"另有 {more:,} 行；全部见 --json", f"{more:,} more; all with --json", "dim")


def show_outcomes(answers: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    """What became of the rows of a ``_many`` call: a count, and the refused ones."""
    if screen.as_json:
        screen.put(answers)
        return
    refused = [(number, each["refused"]) for number, each in enumerate(answers, 1) if "refused" in each]
    screen.say(
        f"共{len(answers):,}行：{len(answers) - len(refused):,}行已办，{len(refused):,}行被拒绝",
        f"{len(answers):,} rows: {len(answers) - len(refused):,} done, {len(refused):,} refused",
        "bold yellow" if refused else "bold green",
    )
    if refused:
        show_rows(
            [
                {
                    screen.word("行", "row"): number,
                    screen.word("字段", "field"): each.get("field") or "",
                    screen.word("原因", "reason"): each[screen.tongue],
                    screen.word("代码", "code"): each["code"],
                }
                for number, whole in refused
                for each in whole.get("problems") or [whole]
            ],
            screen,
        )


def show_methods(service: str, methods: "Mapping[str, Declared]", screen: Screen) -> None:
    """The methods of a service: who may call each, and what it takes."""
    if screen.as_json:
        screen.put([method_as_plain(name, each) for name, each in methods.items()])
        return
    table = Table(
        screen.word("方法", "method"), screen.word("角色", "roles"), screen.word("参数", "arguments")
    )
    for name, each in methods.items():
        if each.kind == "commands":
            rows = screen.word(f"--rows 文件.json，每行同 {name[:-5]}", f"--rows FILE.json of {name[:-5]}")
            table.add_row(name, ", ".join(each.roles), Text(rows, "dim"))
            continue
        taken = Text("\n").join(
            Text(f"{one['name']}={one['type']}", "" if one["required"] else "dim")
            for one in method_as_plain(name, each)["arguments"]
        )
        table.add_row(Text(name, "green"), ", ".join(each.roles), taken)
    screen.out.print(table)
    screen.say(
        f"用法：gonghui call {service}.方法 名称=值 …；灰色的可以不写",
        f"gonghui call {service}.METHOD key=value …; what is grey may be left out",
        "dim",
    )


def method_as_plain(name: str, declared: "Declared") -> dict[str, Any]:
    """A method as JSON data."""
    schema = schema_of_arguments(declared)
    return {
        "method": name,
        "kind": declared.kind,
        "roles": list(declared.roles),
        "scope": declared.scope,
        "arguments": [
            {"name": each, "type": type_in_words(field), "required": each in schema["required"]}
            for each, field in schema["properties"].items()
        ],
    }
