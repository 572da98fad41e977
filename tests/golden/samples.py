"""Golden samples: of each released shape of each message one stored example, which must load for ever."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shared.rules.language import Language
from shared.rules.message import kind_of
from shared.rules.personal import ERASED, Personal
from shared.rules.plain import personal_fields, to_plain
from tests.architecture.tree import services

FOLDER = Path(__file__).parent
EVERY_SERVICE = "every_service"
MAKE = "python -m tests.golden"


@dataclass(frozen=True)
class Word:
    """A message type that a language knows."""

    language: Language
    message_type: type[Any]
    is_command: bool

    @property
    def file(self) -> Path:
        """Where the sample of its present shape is kept: beside those of its service."""
        kind, module = kind_of(self.message_type), self.message_type.__module__.split(".")
        owner = module[1] if module[0] == "services" else EVERY_SERVICE
        return FOLDER / owner / f"{kind.name}.{kind.schema}.json"


def languages() -> list[Language]:
    """The language of each service that has rules."""
    return [
        import_module(f"services.{service.name}.aggregates").language
        for service in services()
        if (service / "aggregates").is_dir()
    ]


def words() -> list[Word]:
    """Every command and event of every language; what all services understand stands here once."""
    found: dict[Path, Word] = {}
    for language in languages():
        for table, is_command in ((language.commands, True), (language.events, False)):
            for message_type, _ in table.values():
                word = Word(language, message_type, is_command)
                found[word.file] = word
    return [found[file] for file in sorted(found)]


def sample_of(word: Word) -> dict[str, Any]:
    """The sample of a message type's present shape."""
    example = example_of(word.message_type, word.message_type.__name__)
    kind = kind_of(word.message_type)
    return {
        "name": kind.name,
        "schema": kind.schema,
        "is": "command" if word.is_command else "event",
        "shape": shape_of(word.message_type),
        "data": to_plain(example),
        "personal": [path for path, _, _ in personal_fields(example)],
    }


def write_missing() -> list[Path]:
    """Write the samples that are missing, never over one that stands: released shapes do not change."""
    missing = [word for word in words() if not word.file.exists()]
    for word in missing:
        word.file.parent.mkdir(exist_ok=True)
        text = json.dumps(sample_of(word), ensure_ascii=False, indent=2, sort_keys=True)
        word.file.write_text(f"{text}\n", encoding="utf-8")
    return [word.file for word in missing]


def shape_of(made: type[Any]) -> dict[str, Any]:
    """Names and types of the fields, nested records' too, as plain data."""
    return {name: _type_told(hint) for name, hint in get_type_hints(made).items()}


def _type_told(hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"one of": sorted(map(str, arguments))}
    if origin is Personal:
        return {"personal": _type_told(arguments[0])}
    if origin in (Union, UnionType):
        return {"either": sorted((_type_told(each) for each in arguments), key=str)}
    if origin is not None:
        name = "mapping" if issubclass(origin, Mapping) else origin.__name__
        return {name: _type_told(arguments[1] if name == "mapping" else arguments[0])}
    if is_dataclass(hint):
        return shape_of(hint)  # type: ignore[arg-type]
    return hint.__name__


def example_of(hint: Any, name: str) -> Any:
    """An example value of a field's type: every optional one is there, every collection holds one."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments[0]
    if origin is Personal:
        return Personal(ERASED)
    if origin in (Union, UnionType):
        return example_of(next(each for each in arguments if each is not type(None)), name)
    if origin in (tuple, frozenset):
        return origin([example_of(arguments[0], name)])
    if origin is not None:
        return {name: example_of(arguments[1], name)}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{field: example_of(each, field) for field, each in hints.items()})  # type: ignore[operator]
    if issubclass(hint, str):
        return str.__new__(hint, getattr(hint, "example", name))
    return {int: 1, bool: True, date: date(2024, 2, 29)}[hint]
