"""Contracts: what callers of a service and listeners to its events may rely on, gathered from the code."""

import ast
import inspect
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from shared.bus.cloud_event import CloudEvent
from shared.rules.language import Language
from shared.rules.message import kind_of
from shared.rules.refusal import Refusal
from shared.runtime.contract_pages import events_page, settings_page
from shared.runtime.finding import methods_of, package_of, service_class, service_names
from shared.runtime.methods import Declared
from shared.runtime.schemas import json_schema_of
from shared.runtime.service import Service

EVERY_SERVICE = "every_service"
"""Under which name stands what all services have."""

SHARED_PACKAGES = ("shared.rules", "shared.log", "shared.projections", "shared.bus", "shared.runtime")
NOT_IMPORTED = ("migrations", "start")
"""Alembic runs the one, and the other is a program."""

Documents = dict[str, Any]
"""JSON documents by their path below the folder of contracts, without the ending."""


def documents() -> Documents:
    """The contracts of all services that are installed here."""
    services = [service_class(name) for name in service_names()]
    made: Documents = {
        "message": _message(),
        f"{EVERY_SERVICE}/refusals": _of_values() | _refusals(SHARED_PACKAGES),
    }
    made |= _of(EVERY_SERVICE, Service, Language(EVERY_SERVICE, ()), ())
    known = set(made)
    shared_refusals = made[f"{EVERY_SERVICE}/refusals"]
    shared_methods = made[f"{EVERY_SERVICE}/methods"]
    for service in services:
        own = _of(service.name, service, service.language, known)
        methods = own[f"{service.name}/methods"]
        own[f"{service.name}/methods"] = {
            name: method for name, method in methods.items() if name not in shared_methods
        }
        own[f"{service.name}/refusals"] = {
            code: told
            for code, told in _refusals([package_of(service.name)]).items()
            if code not in shared_refusals
        }
        made |= own
    return made


def texts() -> dict[str, str]:
    """The files of the folder of contracts by their path: the documents and the pages about them."""
    services = [service_class(name) for name in service_names()]
    files = {
        f"{path}.json": json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for path, document in documents().items()
    }
    return files | {"README.md": events_page(services), "settings.md": settings_page()}


def read_documents(folder: Path) -> Documents:
    """The documents that stand in a folder of contracts; none where it does not exist."""
    return {
        str(path.relative_to(folder).with_suffix("")): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.json"))
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder hold exactly these files."""
    for path in [*folder.rglob("*.json"), *folder.rglob("*.md")]:
        if str(path.relative_to(folder)) not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _of(name: str, service: type[Service], language: Language, known: Iterable[str]) -> Documents:
    """The messages and methods of one service, but for messages that every service has."""
    every = {path.partition("/")[2] for path in known}
    methods = methods_of(service)
    sent: dict[str, type[Any]] = {
        each.accepts.__name__: each.accepts for each in methods.values() if each.kind == "command"
    }
    made: Documents = {}
    for message_name, (message_type, _) in language.commands.items():
        made[f"commands/{message_name}"] = {
            **json_schema_of(sent.get(message_name, message_type)),
            "x-schema": kind_of(message_type).schema,
            "x-methods": sorted(
                method for method, each in methods.items() if each.accepts.__name__ == message_name
            ),
        }
    for message_name, (message_type, _) in language.events.items():
        made[f"events/{message_name}"] = event_schema(message_type)
    made = {f"{name}/{path}": made[path] for path in made if path not in every}
    made[f"{name}/methods"] = {method: _method(each) for method, each in methods.items()}
    return made


def event_schema(event_type: type[Any]) -> dict[str, Any]:
    """What a listener finds in ``data``: all public fields, always. Personal ones are named, and absent."""
    kind = kind_of(event_type)
    travelling = _as_it_travels(json_schema_of(event_type))
    return travelling | {"x-plannable": kind.plannable, "x-schema": kind.schema}


def _as_it_travels(described: dict[str, Any]) -> dict[str, Any]:
    """What is said of a value of an event, and of all records within it."""
    told = dict(described)
    for within in ("items", "additionalProperties"):
        if isinstance(told.get(within), dict):
            told[within] = _as_it_travels(told[within])
    if "anyOf" in told:
        told["anyOf"] = [_as_it_travels(each) for each in told["anyOf"]]
    if "properties" not in told:
        return told
    fields = {name: _as_it_travels(field) for name, field in told["properties"].items()}
    personal = {name: field for name, field in fields.items() if "x-personal" in field}
    public = {name: field for name, field in fields.items() if name not in personal}
    # A listener must bear fields that it does not know: that is how events grow.
    del told["additionalProperties"]
    return told | {"properties": public, "required": list(public), "x-personal-fields": personal}


def _method(declared: Declared) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": declared.kind, "role": declared.role, "scope": declared.scope_name}
    if declared.kind in ("command", "commands"):
        return told | {"command": declared.accepts.__name__}
    return told | {"accepts": json_schema_of(declared.accepts)}


def _message() -> dict[str, Any]:
    """The body of every message on the bus."""
    (reference,), parts = msgspec.json.schema_components([CloudEvent], ref_template="#/$defs/{name}")
    described: dict[str, Any] = parts[reference["$ref"].rpartition("/")[2]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def _refusals(packages: Iterable[str]) -> dict[str, Any]:
    """The refusals that are declared as constants in the modules of packages, by code.

    Raises:
        ValueError: one code says two things.
    """
    found: dict[str, Refusal] = {}
    for module in (each for package in packages for each in _modules(package)):
        for value in vars(import_module(module)).values():
            if isinstance(value, Refusal) and found.setdefault(value.code, value) != value:
                raise ValueError(f"the refusal {value.code} is declared twice")
    return {code: {"zh": each.zh, "en": each.en} for code, each in found.items()}


def _of_values() -> dict[str, Any]:
    """What is said of values that meet no standard, or of cells, by code; in braces what a sentence fills in.

    They are raised where they are found and stand in no constants, so they are read in the source.
    """
    found: dict[str, Any] = {}
    for module in (*_modules("shared.standards"), *_modules("shared.files")):
        for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
            match node:
                case ast.Call(func=ast.Name(id="Invalid"), args=[ast.Constant(value=str(code)), zh, en]):
                    found.setdefault(code, {"zh": _sentence(zh), "en": _sentence(en)})
    return found


def _sentence(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(
        f"{{{ast.unparse(each.value if isinstance(each, ast.FormattedValue) else each)}}}"
        if not isinstance(each, ast.Constant)
        else str(each.value)
        for each in parts
    )


def _modules(package: str) -> Iterator[str]:
    for each in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        if not any(part in NOT_IMPORTED for part in each.name.split(".")):
            yield each.name
