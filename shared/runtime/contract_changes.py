"""Which changes of contracts break somebody who kept to them as they stood before.

A command may accept more and never less; an event may tell less variety and never more, and never drop a
field. So a caller who kept to the old contract is still understood, and a listener still understands.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

NULL = {"type": "null"}
UPPER_BOUNDS = ("maxLength", "maxItems", "maxProperties", "maximum", "formatMaximum")
LOWER_BOUNDS = ("minLength", "minimum", "formatMinimum")
"""Days stand as ISO 8601, in whose order texts are ordered too."""
EXACT = ("type", "pattern", "format")
"""What is described otherwise is another type; ``examples``, titles and descriptions bind nobody."""


def breaking_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What of the contracts before is no longer kept; empty where the change only adds.

    Args:
        before, after: JSON documents by path.
    """
    found: list[str] = []
    for path, old in before.items():
        _, _, rest = path.partition("/")
        kind = rest.partition("/")[0]
        if path not in after:
            found.append(f"{path}: is gone")
        elif kind == "commands":
            found += _of_command(path, old, after[path])
        elif kind == "events":
            found += _of_event(path, old, after[path])
        elif kind == "methods":
            found += _of_methods(path, old, after[path])
        elif kind == "refusals":
            found += [f"{path}: {code} is gone" for code in old if code not in after[path]]
        elif path == "message":
            found += _of_event(path, old, after[path])
    return found


def _of_command(path: str, old: Schema, new: Schema) -> Iterator[str]:
    if not old.get("x-methods", True):
        return  # nobody outside can send it
    yield from (f"{path}: {why}" for why in _not_within(old, new))


def _of_event(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for name, field in old["properties"].items():
        if name not in new["properties"]:
            yield f"{path}: {name} is gone"
            continue
        if name in old["required"] and name not in new["required"]:
            yield f"{path}: {name} may be missing"
        yield from (f"{path}: {name}: {why}" for why in _not_within(new["properties"][name], field))


def _of_methods(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for name, method in old.items():
        if name not in new:
            yield f"{path}: {name} is gone"
            continue
        for said in ("kind", "scope", "command"):
            if method.get(said) != new[name].get(said):
                yield f"{path}: {name} has another {said}"
        if lost := roles_of(method) - roles_of(new[name]):
            yield f"{path}: {name} is closed to {', '.join(sorted(lost))}"
        if "accepts" in method and "accepts" in new[name]:
            yield from (
                f"{path}: {name}: {why}" for why in _not_within(method["accepts"], new[name]["accepts"])
            )


def roles_of(method: Schema) -> set[str]:
    """The roles to which a method is open, as its contract tells them."""
    return set(method["role"].split(", "))


def _not_within(inner: Schema, outer: Schema) -> Iterator[str]:
    """Why not every value of one schema is one of another, as far as the schemas made here can tell."""
    inner_kinds, outer_kinds = _alternatives(inner), _alternatives(outer)
    if len(inner_kinds) > 1 or len(outer_kinds) > 1:
        for kind in inner_kinds:
            if not any(not list(_not_within(kind, other)) for other in outer_kinds):
                yield "may be null on one side only" if kind == NULL else "has another type"
        return
    if "enum" in inner or "enum" in outer:
        yield from _choices_not_within(inner, outer)
        return
    yield from _limits_not_within(inner, outer)
    for said in ("items", "additionalProperties", "propertyNames"):
        if isinstance(inner.get(said), dict) and isinstance(outer.get(said), dict):
            yield from (f"{said}: {why}" for why in _not_within(inner[said], outer[said]))
    yield from _fields_not_within(inner, outer)


def _choices_not_within(inner: Schema, outer: Schema) -> Iterator[str]:
    if "enum" not in inner or "enum" not in outer:
        yield "has another type"
    elif lacking := [each for each in inner["enum"] if each not in outer["enum"]]:
        yield f"takes no {', '.join(map(str, lacking))} on one side"


def _limits_not_within(inner: Schema, outer: Schema) -> Iterator[str]:
    for said in EXACT:
        if inner.get(said) != outer.get(said):
            yield f"has another {said}"
    for said in UPPER_BOUNDS:
        if said in outer and (said not in inner or inner[said] > outer[said]):
            yield f"has another {said}"
    for said in LOWER_BOUNDS:
        if said in outer and (said not in inner or inner[said] < outer[said]):
            yield f"has another {said}"


def _fields_not_within(inner: Schema, outer: Schema) -> Iterator[str]:
    fields = outer.get("properties", {})
    for name, field in inner.get("properties", {}).items():
        if name in fields:
            yield from (f"{name}: {why}" for why in _not_within(field, fields[name]))
        elif outer.get("additionalProperties") is False:
            yield f"{name} is known on one side only"
    for name in outer.get("required", []):
        if name not in inner.get("required", []):
            yield f"{name} is required on one side only"


def _alternatives(schema: Schema) -> list[Schema]:
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return (
        [inner for each in schema["anyOf"] for inner in _alternatives(each)]
        if "anyOf" in schema
        else [schema]
    )
