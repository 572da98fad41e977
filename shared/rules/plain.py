"""How messages and states become plain JSON data and come back; personal values are set apart on the way."""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shared.rules.personal import ERASED, Personal

Convert = Callable[[Any], Any]


class UnknownShape(Exception):
    """Stored data does not fit the type that it names; this is loud, never passed over."""


Shape = Literal["one", "tuple", "mapping"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one message type is taken apart and put together, worked out once."""

    made: type[Any]
    plain: tuple[str, ...]
    converted: tuple[tuple[str, Convert, Convert], ...]
    personal: tuple[str, ...]
    nested: tuple[tuple[str, "Plan", "Shape"], ...]


PLANS: dict[type[Any], Plan] = {}
"""Plans worked out so far; what a type's plan is never changes."""


def to_plain(message: Any) -> dict[str, Any]:
    """The fields of a message as JSON data, without the personal ones."""
    plan = plan_of(type(message))
    data = {name: getattr(message, name) for name in plan.plain}
    for name, encode, _ in plan.converted:
        value = getattr(message, name)
        data[name] = None if value is None else encode(value)
    for name, _, shape in plan.nested:
        value = getattr(message, name)
        if value is not None:
            value = _each(value, shape, to_plain)
        data[name] = value
    return data


def _each(value: Any, shape: Shape, convert: Convert) -> Any:
    match shape:
        case "one":
            return convert(value)
        case "tuple":
            return [convert(each) for each in value]
        case "mapping":
            return {key: convert(each) for key, each in value.items()}


def personal_fields(message: Any) -> Iterator[tuple[str, str, Personal[Any]]]:
    """Path within the message, person and value of each personal field that holds one."""
    plan = plan_of(type(message))
    for name in plan.personal:
        value = getattr(message, name)
        if value is not None:
            yield name, message.person_id, value
    for name, _, shape in plan.nested:
        inner = getattr(message, name)
        if inner is None:
            continue
        for prefix, each in _parts(name, inner, shape):
            for path, person_id, value in personal_fields(each):
                yield prefix + path, person_id, value


def _parts(name: str, inner: Any, shape: Shape) -> Iterator[tuple[str, Any]]:
    match shape:
        case "one":
            yield f"{name}.", inner
        case "tuple":
            yield from ((f"{name}.{number}.", each) for number, each in enumerate(inner))
        case "mapping":
            yield from ((f"{name}.{key}.", each) for key, each in inner.items())


def from_plain(made: type[Any], data: Mapping[str, Any], personal: Mapping[str, Personal[Any]] | None) -> Any:
    """The message of a type from its JSON data.

    Args:
        data: as ``to_plain`` gave it.
        personal: personal values by path; a personal field that is not among them is None. Where there is
            no mapping at all, as for those who follow a feed, they are erased.

    Raises:
        UnknownShape: fields are missing or unknown, personal ones too.
    """
    message = _build(plan_of(made), data, personal, "")
    if personal and sum(1 for _ in personal_fields(message)) != len(personal):
        raise UnknownShape(f"{made.__name__} has not a field for each of its personal values")
    return message


def _build(
    plan: Plan, data: Mapping[str, Any], personal: Mapping[str, Personal[Any]] | None, prefix: str
) -> Any:
    given = dict(data)
    for name, _, decode in plan.converted:
        if given.get(name) is not None:
            given[name] = decode(given[name])
    for name in plan.personal:
        given[name] = Personal(ERASED) if personal is None else personal.get(prefix + name)
    for name, inner, shape in plan.nested:
        value = given.get(name)
        if value is None:
            continue
        built = {
            part: _build(inner, each, personal, part) for part, each in _parts(prefix + name, value, shape)
        }.values()
        match shape:
            case "one":
                given[name] = next(iter(built))
            case "tuple":
                given[name] = tuple(built)
            case "mapping":
                given[name] = dict(zip(value, built, strict=True))
    try:
        return plan.made(**given)
    except TypeError as error:
        raise UnknownShape(str(error)) from None


def plan_of(made: type[Any]) -> Plan:
    """The plan of a message or state type. Raises TypeError for a field type that a log cannot keep."""
    plan = PLANS.get(made)
    if plan is None:
        plan = PLANS[made] = _work_out(made)
    return plan


def _work_out(made: type[Any]) -> Plan:
    hints = get_type_hints(made)
    plain, converted, personal, nested = [], [], [], []
    for field in fields(made):
        inner, _ = without_none(hints[field.name])
        if get_origin(inner) is Personal:
            personal.append(field.name)
        elif (part := _part_of(inner)) is not None:
            nested.append((field.name, plan_of(part[0]), part[1]))
        elif _is_scalar(inner):
            plain.append(field.name)
        else:
            converted.append((field.name, *_conversion(inner)))
    if personal and "person_id" not in hints:
        raise TypeError(f"{made.__name__} has personal fields but no person_id")
    return Plan(made, tuple(plain), tuple(converted), tuple(personal), tuple(nested))


def _part_of(hint: Any) -> tuple[type[Any], Shape] | None:
    """The record type within a field's type and how many of them the field holds."""
    arguments = get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return hint, "one"
    origin = get_origin(hint)
    if origin is tuple and len(arguments) == 2 and is_dataclass(arguments[0]) and arguments[1] is ...:
        return arguments[0], "tuple"  # type: ignore[return-value]
    if isinstance(origin, type) and issubclass(origin, Mapping) and is_dataclass(arguments[1]):
        return (arguments[1], "mapping") if arguments[0] is str else None  # type: ignore[return-value]
    return None


def without_none(hint: Any) -> tuple[Any, bool]:
    """A type without its ``| None``, and whether it had one."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    rest = [each for each in get_args(hint) if each is not type(None)]
    optional = len(rest) < len(get_args(hint))
    return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), optional  # noqa: UP007


def _is_scalar(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return all(_is_scalar(each) for each in get_args(hint))
    return hint in (str, int, bool) or get_origin(hint) is Literal


def _conversion(hint: Any) -> tuple[Convert, Convert]:
    """How a value of a type is written and read; JSON has neither dates, tuples, sets nor our own texts."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is date:
        return date.isoformat, date.fromisoformat
    if isinstance(hint, type) and issubclass(hint, str):
        return str, lambda text: str.__new__(hint, text)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        write, read = _either(arguments[0])
        return lambda values: [write(each) for each in values], lambda values: tuple(
            read(each) for each in values
        )
    if origin is frozenset:
        write, read = _either(arguments[0])
        return lambda values: sorted(write(each) for each in values), lambda values: frozenset(
            map(read, values)
        )
    if origin is not None and issubclass(origin, Mapping) and arguments[0] is str:
        write, read = _either(arguments[1])
        return (
            lambda values: {key: write(value) for key, value in values.items()},
            lambda values: {key: read(value) for key, value in values.items()},
        )
    raise TypeError(f"a log cannot keep a value of type {hint}")


def _either(hint: Any) -> tuple[Convert, Convert]:
    inner, optional = without_none(hint)
    if _is_scalar(inner):
        return _same, _same
    if optional:
        raise TypeError(f"a log cannot keep a collection of {hint}")
    return _conversion(inner)


def _same(value: Any) -> Any:
    return value
