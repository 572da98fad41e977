"""What is typed after ``gonghui call``: methods by name, and values as their fields take them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.cli.asking import asked
from shared.cli.sentences import Mistake, Sentence, visible
from shared.cli.services import check_service, nearest
from shared.runtime.finding import methods_of, service_class

if TYPE_CHECKING:
    from shared.runtime.methods import Declared

FROM_FILE = "@"
TYPED = "-"

Schema = Mapping[str, Any]

_TYPES: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def method_named(target: str) -> "tuple[str, str, Declared]":
    """Service, method and what is declared of it. Raises Mistake with the nearest names."""
    service, _, method = target.partition(".")
    methods = methods_at(service)
    if method not in methods:
        near = nearest(method, methods)
        raise Mistake(
            Sentence(
                f"服务“{service}”没有方法“{visible(method)}”",
                f"“{service}” has no method “{visible(method)}”",
            ),
            Sentence(
                f"{f'相近的有：{near}；' if near else ''}全部方法见 gonghui call {service}",
                f"{f'near it: {near}; ' if near else ''}see all with gonghui call {service}",
            ),
        )
    return service, method, methods[method]


def methods_at(service: str) -> "dict[str, Declared]":
    """What is declared of a service's methods. Raises Mistake with the names of services."""
    check_service(service)
    return methods_of(service_class(service))


def schema_of_arguments(declared: "Declared") -> Schema:
    """The fields that a method takes, each with its JSON Schema; of one row for a ``_many`` method."""
    from shared.runtime.schemas import json_schema_of

    return json_schema_of(declared.accepts)


def arguments_from(typed: Iterable[str], fields: Schema) -> dict[str, Any]:
    """Values by field from ``key=value``, ``key=@file.json`` and ``key=-`` (asked for). Raises Mistake."""
    values: dict[str, Any] = {}
    for each in typed:
        key, equals, text = each.partition("=")
        if not equals or not key:
            raise Mistake(
                Sentence(f"“{visible(each)}”不是“名称=值”", f"“{visible(each)}” is not key=value"),
                Sentence(
                    "参数写作 名称=值、名称=@文件.json，或 名称=-（随后输入）",
                    "arguments are written key=value, key=@file.json, or key=- to be asked for it",
                ),
            )
        if key in values:
            raise Mistake(
                Sentence(f"参数“{visible(key)}”出现了两次", f"“{visible(key)}” is given twice"),
                Sentence("每个参数只写一次", "give each argument once"),
            )
        if text.startswith(FROM_FILE):
            values[key] = json_in(text.removeprefix(FROM_FILE))
        else:
            text = asked(f"{key} · {key}", is_secret=True) if text == TYPED else text
            values[key] = value_from(text, fields.get(key, {}))
    return values


def value_from(text: str, field: Schema) -> Any:
    """JSON where it has a type that the field takes, else the text itself.

    So ``true`` is a name for a field of text, and eighteen digits are an identity number.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if type(value) in types_of(field) else text


def types_of(field: Schema) -> set[type[Any]]:
    """The types that a field takes; all where nothing is said of it."""
    if not field:
        return {kind for kinds in _TYPES.values() for kind in kinds} | {float}
    if "anyOf" in field:
        return {kind for each in field["anyOf"] for kind in types_of(each)}
    if "enum" in field:
        return {type(each) for each in field["enum"]}
    return set(_TYPES.get(field.get("type", "object"), (dict,)))


def rows_in(file: Path) -> list[dict[str, Any]]:
    """The rows of a ``_many`` call. Raises Mistake."""
    rows = json_in(str(file))
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise Mistake(
            Sentence(f"文件 {file} 不是由对象组成的列表", f"{file} holds no list of objects"),
            Sentence('应为 [{"名称": 值, …}, …]', 'it must look like [{"key": value, …}, …]'),
        )
    return rows


def json_in(file: str) -> Any:
    """What a file holds. Raises Mistake."""
    try:
        return json.loads(Path(file).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise Mistake(
            Sentence(f"无法读取文件 {visible(file)}", f"{visible(file)} cannot be read: {error.strerror}"),
            Sentence("请检查文件名和权限", "look at its name and rights"),
        ) from None
    except ValueError as error:
        place = f"{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else "-"
        raise Mistake(
            Sentence(f"文件 {visible(file)} 不是JSON（{place}）", f"{visible(file)} is no JSON ({place})"),
            Sentence("请检查文件内容，编码应为UTF-8", "look at what it holds; it must be UTF-8"),
        ) from None


def type_in_words(field: Schema) -> str:
    """How a field's values look, in a word or two."""
    if "anyOf" in field:
        return " | ".join(type_in_words(each) for each in field["anyOf"] if each.get("type") != "null")
    if "enum" in field:
        return "|".join(map(str, field["enum"]))
    if field.get("format") == "date":
        return "YYYY-MM-DD"
    if field.get("type") == "array":
        return f"[{type_in_words(field['items'])}]"
    return str(field.get("type", "object"))
