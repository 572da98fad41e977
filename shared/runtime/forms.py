"""How one value from outside is read, for each type that a message's field may have, and its JSON Schema."""

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from marshmallow import ValidationError

from shared.log.envelope import HOUSE_TIME
from shared.rules.personal import Personal, PublicText
from shared.runtime.paging import Between
from shared.runtime.refusals import (
    DATE_FORM,
    FIELD_IDENTITY,
    FIELD_NOT_ONE_OF,
    FIELD_NUMBER_RANGE,
    FIELD_TOO_LONG,
    FIELD_TOO_MANY,
    FIELD_TYPE,
    wrong,
)
from shared.standards.dates import FIRST_DAY, LAST_DAY, parse_date, within_range
from shared.standards.invalid import Invalid
from shared.standards.text import check_text

Read = Callable[[Any], Any]

TEXT_LONGEST = 200
IDENTITY_LONGEST = 64
ENTRIES_MOST = 1_000
NUMBER_MOST = 2**53  # beyond it JSON readers that keep numbers as doubles no longer agree

# How much longer than its standard form a value may be typed (blanks, separators) before it is looked at.
_TYPED_OVER = 200
_IDENTITY_PATTERN = rf"^[A-Za-z0-9._:-]{{1,{IDENTITY_LONGEST}}}$"
_is_identity = re.compile(_IDENTITY_PATTERN.strip("^$")).fullmatch
_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch

_KINDS = {
    str: ("文本", "text"),
    int: ("整数", "a whole number"),
    bool: ("真或假", "true or false"),
    list: ("列表", "a list"),
    dict: ("对象", "an object"),
}


def wrong_type(*kinds: type[Any]) -> Invalid:
    """What is wrong with a value that has none of these types."""
    return wrong(
        FIELD_TYPE,
        kind_zh="或".join(_KINDS[kind][0] for kind in kinds),
        kind_en=" or ".join(_KINDS[kind][1] for kind in kinds),
    )


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are read, and how JSON Schema describes them.

    ``read`` raises Invalid, or ValidationError with what is wrong by place within the value.
    """

    read: Read
    published: dict[str, Any]


def form_of(hint: Any, name: str, nested: Callable[[type[Any]], Form]) -> Form:
    """The form of a field's type.

    Args:
        hint: the type, without ``| None``.
        name: of the field: plain text under a name in ``_id`` is an opaque identity (``_ids``: several).
        nested: gives the form of a message type within.

    Raises:
        TypeError: nothing of this type can come from outside.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Personal:
        inner = form_of(arguments[0], name, nested)
        return Form(lambda value: Personal(inner.read(value)), {**inner.published, "x-personal": True})
    if hint == PublicText:
        return _form_of_single(str, name)
    if origin is Annotated:
        return _number(arguments[1])
    if origin is Literal:
        return _choice(arguments)
    if origin in (Union, types.UnionType):
        return _either({kind: form_of(kind, name, nested) for kind in arguments})
    if origin is tuple and arguments[1:] == (...,):
        return _several(form_of(arguments[0], name.removesuffix("s"), nested))
    if origin is not None and issubclass(origin, Mapping) and arguments[0] is str:
        return _by_key(form_of(arguments[1], "", nested))
    if isinstance(hint, type) and is_dataclass(hint):
        return nested(hint)
    return _form_of_single(hint, name)


def _form_of_single(hint: Any, name: str) -> Form:
    if hint is str and name.endswith("_id"):
        return _IDENTITY
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, str) and hasattr(hint, "parse"):
        return _standard(hint)
    raise TypeError(f"{name}: no value of type {hint} can come from outside")


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(str)
    if len(value) > TEXT_LONGEST:
        raise wrong(FIELD_TOO_LONG, longest=TEXT_LONGEST)
    # Nothing that check_text refuses is printable, and asking this is ten times quicker.
    return value if value.isprintable() else check_text(value, TEXT_LONGEST)


def _read_identity(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(str)
    if len(value) > IDENTITY_LONGEST:
        raise wrong(FIELD_TOO_LONG, longest=IDENTITY_LONGEST)
    if not _is_identity(value):
        raise wrong(FIELD_IDENTITY, longest=IDENTITY_LONGEST)
    return value


def _number(limits: Between) -> Form:
    least, most = limits.least, limits.most

    def read(value: Any) -> int:
        if type(value) is not int:
            raise wrong_type(int)
        if not least <= value <= most:
            raise wrong(FIELD_NUMBER_RANGE, least=least, most=most)
        return value

    return Form(read, {"type": "integer", "minimum": least, "maximum": most})


def _read_truth(value: Any) -> bool:
    if value is not True and value is not False:
        raise wrong_type(bool)
    return value


def _read_day(value: Any) -> date:
    if not isinstance(value, str):
        raise wrong_type(str)
    if not _is_day(value):
        raise wrong(DATE_FORM)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return parse_date(value)  # says that there is no such day
    return within_range(day)


_IDENTITY = Form(
    _read_identity,
    {"type": "string", "minLength": 1, "maxLength": IDENTITY_LONGEST, "pattern": _IDENTITY_PATTERN},
)
_SCALARS: dict[type[Any], Form] = {
    str: Form(_read_text, {"type": "string", "maxLength": TEXT_LONGEST}),
    int: _number(Between(-NUMBER_MOST, NUMBER_MOST)),
    bool: Form(_read_truth, {"type": "boolean"}),
    date: Form(
        _read_day,
        {
            "type": "string",
            "format": "date",
            "formatMinimum": FIRST_DAY.isoformat(),
            "formatMaximum": LAST_DAY.isoformat(),
        },
    ),
}


def _standard(value_type: Any) -> Form:
    """A value of the standards: parsed, so that what was typed reaches the rules in its one form.

    A standard that asks for the day has ``check_on``, asked here, since every value from outside passes here.
    """
    parse, longest = value_type.parse, value_type.longest
    check_on = getattr(value_type, "check_on", None)

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong_type(str)
        if len(value) > longest + _TYPED_OVER:
            raise wrong(FIELD_TOO_LONG, longest=longest)
        parsed = parse(value)
        if check_on is not None:
            check_on(parsed, datetime.now(HOUSE_TIME).date())
        return parsed

    published = {"type": "string", "minLength": 1, "maxLength": longest, "examples": [value_type.example]}
    return Form(read, published | ({"pattern": value_type.pattern} if value_type.pattern else {}))


def _choice(choices: tuple[Any, ...]) -> Form:
    allowed = frozenset(choices)
    kinds = frozenset(map(type, choices))

    def read(value: Any) -> Any:
        # The type is asked first: True equals 1, and lists cannot be looked up.
        if type(value) not in kinds or value not in allowed:
            raise wrong(FIELD_NOT_ONE_OF, choices=", ".join(map(str, choices)))
        return value

    return Form(read, {"enum": list(choices)})


def _either(forms: dict[type[Any], Form]) -> Form:
    """One of several scalars, told apart by their JSON type."""
    if not forms.keys() <= {str, int, bool}:
        raise TypeError(f"values of {list(forms)} cannot be told apart")

    def read(value: Any) -> Any:
        form = forms.get(type(value))
        if form is None:
            raise wrong_type(*forms)
        return form.read(value)

    return Form(read, {"anyOf": [form.published for form in forms.values()]})


def _several(entry: Form) -> Form:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise wrong_type(list)
        if len(value) > ENTRIES_MOST:
            raise wrong(FIELD_TOO_MANY, most=ENTRIES_MOST)
        return tuple(_read_each(value, entry.read))

    return Form(read, {"type": "array", "maxItems": ENTRIES_MOST, "items": entry.published})


def _by_key(entry: Form) -> Form:
    def read_pair(pair: tuple[Any, Any]) -> tuple[str, Any]:
        key, value = pair
        return _read_text(key), entry.read(value)

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong_type(dict)
        if len(value) > ENTRIES_MOST:
            raise wrong(FIELD_TOO_MANY, most=ENTRIES_MOST)
        return dict(_read_each(value.items(), read_pair))

    published = {
        "type": "object",
        "maxProperties": ENTRIES_MOST,
        "propertyNames": _SCALARS[str].published,
        "additionalProperties": entry.published,
    }
    return Form(read, published)


def _read_each(values: Iterable[Any], read: Read) -> list[Any]:
    """Every entry read; what is wrong is told by number, also in a mapping, whose keys may be personal."""
    done: list[Any] = []
    found: dict[str | int, Any] = {}
    for number, value in enumerate(values):
        try:
            done.append(read(value))
        except Invalid as invalid:
            found[number] = [invalid]
        except ValidationError as error:
            found[number] = error.messages
    if found:
        raise ValidationError(found)
    return done
