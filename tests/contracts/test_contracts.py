"""The contracts in the repository are those of the code, and a change that would break somebody is found."""

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from services.assistance.events.batch import LinesAdded
from services.assistance.events.file import FileOpened
from services.membership.events import MemberJoined
from shared.runtime.contract_changes import breaking_changes
from shared.runtime.contracts import documents, event_schema, read_documents, texts, write
from shared.runtime.finding import service_class, service_names
from shared.runtime.variables import VARIABLES
from tests.architecture.tree import ROOT, modules
from tests.contracts.releases import releases, write_release

FOLDER = ROOT / "contracts"
TEXT = {"type": "string", "maxLength": 200}
VARIABLES_MODULE = "shared.runtime.variables"
READ_FROM = {"env.str", "read", "os.environ.get", "os.getenv", "read_password"}


def test_the_contracts_in_the_repository_are_those_of_the_code() -> None:
    there = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file()
    }
    fresh = texts()

    stale = sorted(name for name in there.keys() | fresh.keys() if there.get(name) != fresh.get(name))

    assert not stale, f"run `make contracts`: {', '.join(stale)}"


def test_the_contracts_are_the_same_each_time() -> None:
    assert texts() == texts()


def test_what_is_written_is_what_is_read_and_nothing_else_stays(tmp_path: Path) -> None:
    write(tmp_path, {"gone/events/Left.json": "{}"})
    write(tmp_path, texts())

    assert read_documents(tmp_path) == json.loads(json.dumps(documents()))


def test_every_message_method_and_refusal_of_every_service_is_told() -> None:
    told = documents()
    for name in service_names():
        language = service_class(name).language
        for kind, messages in (("commands", language.commands), ("events", language.events)):
            for message in messages:
                assert f"{name}/{kind}/{message}" in told or f"every_service/{kind}/{message}" in told
    assert told["membership/methods"]["join_member"]["role"] == "clerk"
    assert told["membership/refusals"]["member.under_age"]["en"].startswith("a member must be")
    assert {"call.malformed", "bank_card.form", "date.form"} <= told["every_service/refusals"].keys()


def test_personal_fields_of_an_event_are_named_and_absent_from_what_travels() -> None:
    schema = event_schema(MemberJoined)

    assert set(schema["x-personal-fields"]) == {"name", "identity_number", "mobile"}
    assert not set(schema["x-personal-fields"]) & {*schema["properties"], *schema["required"]}


def test_records_within_an_event_are_told_as_they_travel() -> None:
    """Without personal fields, with all others always, and free to grow; so is the event itself."""
    opened = event_schema(FileOpened)
    lines = event_schema(LinesAdded)

    members = opened["properties"]["members"]["items"]
    assert (
        set(members["properties"]) == set(members["required"]) == {"person_id", "relation", "education_stage"}
    )
    assert set(members["x-personal-fields"]) == {"name"}
    for each in (opened, members, lines, lines["properties"]["lines"]["additionalProperties"]):
        assert "additionalProperties" not in each


def command(**fields: Any) -> dict[str, Any]:
    return {
        "assistance/commands/Pay": {
            "type": "object",
            "properties": fields,
            "required": [name for name, field in fields.items() if not field.get("x-optional")],
            "additionalProperties": False,
            "x-methods": ["pay"],
        }
    }


def event(**fields: Any) -> dict[str, Any]:
    return {
        "assistance/events/Paid": {
            "type": "object",
            "properties": fields,
            "required": [name for name, field in fields.items() if not field.get("x-optional")],
        }
    }


def methods(**roles: str) -> dict[str, Any]:
    told = {
        name: {"kind": "command", "role": role, "scope": "organisation_id", "command": "Pay"}
        for name, role in roles.items()
    }
    return {"assistance/methods": told}


def scoped(scope: str) -> dict[str, Any]:
    (method,) = methods(pay="cashier").values()
    return {"assistance/methods": {"pay": method["pay"] | {"scope": scope}}}


def listing(**fields: Any) -> dict[str, Any]:
    """An event with records, in whose contract stands what ``event_schema`` says of records."""
    entry = {"type": "object", "properties": fields, "required": list(fields)}
    return event(entries={"type": "array", "items": entry})


DATES = {"type": "string", "format": "date", "formatMinimum": "1900-01-01", "formatMaximum": "2100-12-31"}
OPTIONAL = {**TEXT, "x-optional": True}
OR_NULL = {"anyOf": [TEXT, {"type": "null"}]}

ADDITIVE = {
    "a new event": ({}, event(note=TEXT)),
    "a new field of an event": (event(note=TEXT), event(note=TEXT, more=TEXT)),
    "an event that says less variety": (event(kind={"enum": ["a", "b"]}), event(kind={"enum": ["a"]})),
    "an event's field that is never null now": (event(note=OR_NULL), event(note=TEXT)),
    "a new command": ({}, command(note=TEXT)),
    "a new field of a command that may be left out": (command(note=TEXT), command(note=TEXT, more=OPTIONAL)),
    "a command's field that may be null now": (command(note=TEXT), command(note=OR_NULL)),
    "a command's field that need not be sent now": (command(note=TEXT), command(note=OPTIONAL)),
    "a new value that a command takes": (command(kind={"enum": ["a"]}), command(kind={"enum": ["a", "b"]})),
    "a longer text that a command takes": (command(note=TEXT), command(note={**TEXT, "maxLength": 300})),
    "another description": (command(note=TEXT), command(note={**TEXT, "description": "why"})),
    "a new method": (methods(pay="cashier"), methods(pay="cashier", pay_many="cashier")),
    "a method that is open to another role too": (methods(pay="cashier"), methods(pay="auditor, cashier")),
    "roles in another order": (methods(pay="cashier, auditor"), methods(pay="auditor, cashier")),
    "a new field of an event's records": (listing(note=TEXT), listing(note=TEXT, more=OR_NULL)),
    "a later date that a command takes": (
        command(day=DATES),
        command(day=DATES | {"formatMaximum": "2200-12-31"}),
    ),
    "a new refusal": ({"assistance/refusals": {"a": {}}}, {"assistance/refusals": {"a": {}, "b": {}}}),
    "a refusal's sentence": ({"assistance/refusals": {"a": {"en": "x"}}}, {"assistance/refusals": {"a": {}}}),
}

BREAKING = {
    "an event that is gone": (event(note=TEXT), {}),
    "an event's field that is gone": (event(note=TEXT, more=TEXT), event(note=TEXT)),
    "an event's field that may be missing": (event(note=TEXT), event(note=OPTIONAL)),
    "an event's field of another type": (event(note=TEXT), event(note={"type": "integer"})),
    "an event's field that may be null now": (event(note=TEXT), event(note=OR_NULL)),
    "a value that listeners to an event do not know": (
        event(kind={"enum": ["a"]}),
        event(kind={"enum": ["a", "b"]}),
    ),
    "a longer text than listeners made room for": (event(note=TEXT), event(note={**TEXT, "maxLength": 300})),
    "a field of an event's records that is gone": (listing(note=TEXT, more=OR_NULL), listing(note=TEXT)),
    "an earlier date than listeners expect": (
        event(day=DATES),
        event(day=DATES | {"formatMinimum": "1800-01-01"}),
    ),
    "a date that a command takes no longer": (
        command(day=DATES),
        command(day=DATES | {"formatMaximum": "2030-12-31"}),
    ),
    "a command that is gone": (command(note=TEXT), {}),
    "a command's field that is gone": (command(note=TEXT, more=OPTIONAL), command(note=TEXT)),
    "a new field that a command requires": (command(note=TEXT), command(note=TEXT, more=TEXT)),
    "a command's field that has become required": (command(note=OPTIONAL), command(note=TEXT)),
    "a command's field of another type": (command(note=TEXT), command(note={"type": "boolean"})),
    "a command's field that must not be null now": (command(note=OR_NULL), command(note=TEXT)),
    "a value that a command takes no longer": (
        command(kind={"enum": ["a", "b"]}),
        command(kind={"enum": ["a"]}),
    ),
    "a choice where any text was taken": (command(kind=TEXT), command(kind={"enum": ["a"]})),
    "a shorter text": (command(note=TEXT), command(note={**TEXT, "maxLength": 20})),
    "another pattern": (command(note={**TEXT, "pattern": "a"}), command(note={**TEXT, "pattern": "b"})),
    "fewer entries": (
        command(notes={"type": "array", "maxItems": 9, "items": TEXT}),
        command(notes={"type": "array", "maxItems": 5, "items": TEXT}),
    ),
    "entries of another type": (
        command(notes={"type": "array", "items": TEXT}),
        command(notes={"type": "array", "items": {"type": "integer"}}),
    ),
    "a method that is gone": (methods(pay="cashier", settle="cashier"), methods(pay="cashier")),
    "a method that asks for another role": (methods(pay="cashier"), methods(pay="approver")),
    "a method that is closed to a role": (methods(pay="auditor, cashier"), methods(pay="cashier")),
    "a method that touches more": (scoped("organisation_id"), scoped("whole_district")),
    "a method whose organisation is found otherwise": (scoped("organisation_of_file"), scoped("parent_id")),
    "a refusal's code that is gone": ({"assistance/refusals": {"a": {}}}, {"assistance/refusals": {}}),
}


@pytest.mark.parametrize("change", ADDITIVE)
def test_a_change_that_only_adds_is_accepted(change: str) -> None:
    assert breaking_changes(*ADDITIVE[change]) == []


@pytest.mark.parametrize("change", BREAKING)
def test_a_change_that_breaks_a_caller_or_a_listener_is_found(change: str) -> None:
    assert breaking_changes(*BREAKING[change]) != []


def test_what_was_once_released_is_still_kept() -> None:
    told = documents()

    broken = {version: breaking_changes(promised, told) for version, promised in releases().items()}

    assert not any(broken.values()), broken


def test_a_version_that_is_out_has_its_contracts_written_down() -> None:
    """Below 1.0 nothing is promised; from then on each minor version is a release that binds."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert version.startswith("0.") or version in releases(), "run `python -m tests.contracts`"


def test_a_release_is_written_once_and_never_again(tmp_path: Path) -> None:
    file = write_release("1.0.0", tmp_path)

    assert releases(tmp_path) == {"1.0.0": json.loads(json.dumps(documents()))}
    with pytest.raises(FileExistsError):
        write_release("1.0.0", tmp_path)
    assert file.parent == tmp_path


def test_no_contract_breaks_itself() -> None:
    told = documents()
    assert breaking_changes(told, told) == []


def variables_read() -> set[str]:
    """The names that the code reads from the environment; of a composed name the end."""
    found = set()
    for module in modules("shared", "services"):
        if module.name == VARIABLES_MODULE:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in READ_FROM:
                written = isinstance(node.args[0], (ast.Constant, ast.JoinedStr))
                name = ast.unparse(node.args[0]).strip("f'\"").rpartition("}")[2]
                found |= {name} if written and re.fullmatch(r"[A-Z_]+", name) else set()
            elif isinstance(node, ast.Constant) and re.fullmatch(r"GONGHUI_[A-Z_]*[A-Z]", str(node.value)):
                found.add(str(node.value))
    return found


def test_every_variable_that_is_read_stands_in_the_table_of_settings() -> None:
    described = [each.name for each in VARIABLES]

    read = variables_read()

    assert {"GONGHUI_SUPERVISOR", "BUS_URL", "DATABASE_URL", "RPC_WORKERS", "HEALTH_HOST"} <= read
    assert sorted(name for name in read if not any(each.endswith(name) for each in described)) == []


def test_every_variable_in_the_table_of_settings_is_read() -> None:
    read = variables_read()
    assert [each.name for each in VARIABLES if not any(each.name.endswith(name) for name in read)] == []
