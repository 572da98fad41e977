"""Schemas of messages: marshmallow schemas derived from the dataclasses, loading, and JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from inspect import cleandoc
from typing import Any, TypeVar, cast, get_type_hints

from marshmallow import RAISE, Schema, ValidationError, post_load
from marshmallow.exceptions import SCHEMA
from marshmallow.fields import Field

from shared.rules.plain import without_none
from shared.runtime.forms import Form, form_of, wrong_type
from shared.runtime.refusals import FIELD_MISSING, FIELD_NULL, FIELD_UNKNOWN, RefusedInput, wrong
from shared.standards.invalid import Invalid

Made = TypeVar("Made")

# An unknown field's name is the caller's text: it is repeated only where it can be no number of anybody's.
_is_field_name = re.compile(r"[a-z][a-z_]{0,38}[0-9]{0,2}").fullmatch

# What marshmallow itself finds wrong, under the names that it is told to use.
_FOUND_BY_MARSHMALLOW = {
    "field.unknown": wrong(FIELD_UNKNOWN),
    "field.missing": wrong(FIELD_MISSING),
    "field.null": wrong(FIELD_NULL),
    "field.type": wrong_type(dict),
}


class MessageField(Field[Any]):
    """A field of a message: marshmallow asks whether it is there, its form reads the value."""

    def __init__(self, form: Form, *, required: bool, allow_none: bool) -> None:
        messages: dict[str, Any] = {"required": "field.missing", "null": "field.null"}
        super().__init__(required=required, allow_none=allow_none, error_messages=messages)
        self.form = form

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            return self.form.read(value)
        except Invalid as invalid:
            raise ValidationError([invalid]) from None


class MessageSchema(Schema):
    """A schema that loads its message type; derived by ``schema_of``."""

    class Meta:
        unknown = RAISE

    message_type: type[Any]

    def __init__(self) -> None:
        super().__init__()
        self.error_messages |= {"unknown": "field.unknown", "type": "field.type"}
        self._parts = tuple(
            (name, field.form.read, field.required, field.allow_none) for name, field in self.message_fields()
        )

    def message_fields(self) -> Iterator[tuple[str, MessageField]]:
        return ((name, cast("MessageField", field)) for name, field in self.fields.items())

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.message_type(**data)

    def read(self, data: Any) -> Any:
        """The message from its data. Raises ValidationError with everything that is wrong."""
        if type(data) is dict:
            try:
                return self._read_valid(data)
            except (Invalid, ValidationError):
                pass
        return self.load(data)

    def _read_valid(self, data: dict[str, Any]) -> Any:
        """What ``load`` gives for valid data, at a third of its cost: the same fields, up to the first doubt.

        Raises Invalid or ValidationError, which say nothing to anybody: ``load`` then says what is wrong.
        """
        given = {}
        for name, read, required, allow_none in self._parts:
            if name in data:
                value = data[name]
                given[name] = None if value is None and allow_none else read(value)
            elif required:
                raise wrong(FIELD_MISSING)
        if len(given) != len(data):
            raise wrong(FIELD_UNKNOWN)
        return self.message_type(**given)


_SCHEMAS: dict[type[Any], MessageSchema] = {}


def schema_of(message_type: type[Any]) -> type[MessageSchema]:
    """The marshmallow schema of a message type, worked out once.

    A field without a default is required; one of type ``X | None`` may be null. Unknown fields are refused.

    Raises:
        TypeError: a field has a type that cannot come from outside.
    """
    return type(_schema(message_type))


def _schema(message_type: type[Any]) -> MessageSchema:
    schema = _SCHEMAS.get(message_type)
    if schema is None:
        schema = _SCHEMAS[message_type] = _derive(message_type)()
    return schema


def _derive(message_type: type[Any]) -> type[MessageSchema]:
    hints = get_type_hints(message_type, include_extras=True)
    declared: dict[str, Any] = {}
    for field in fields(message_type):
        inner, allow_none = without_none(hints[field.name])
        required = field.default is MISSING and field.default_factory is MISSING
        form = form_of(inner, field.name, _nested)
        declared[field.name] = MessageField(form, required=required, allow_none=allow_none)
    schema = cast("type[MessageSchema]", type(f"{message_type.__name__}Schema", (MessageSchema,), declared))
    schema.message_type = message_type
    return schema


def _nested(message_type: type[Any]) -> Form:
    return Form(_schema(message_type).read, _published(message_type))


def load(message_type: type[Made], data: Mapping[str, Any]) -> Made:
    """The message of a type from what a caller sent.

    Args:
        data: as it came out of JSON.

    Raises:
        RefusedInput: with everything that is wrong; it never repeats a value.
    """
    try:
        message: Made = _schema(message_type).read(data)
    except ValidationError as error:
        problems = list(_problems(error.messages))
    else:
        return message
    # Unknown names come out of a set; all other problems stand in the order of the declaration.
    problems.sort(
        key=lambda problem: (problem["field"] or "") if problem["code"] == FIELD_UNKNOWN.code else ""
    )
    # Raised here and not above, so that marshmallow's error, which holds the input, is not its context.
    raise RefusedInput(problems)


def json_schema_of(message_type: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a message type, for published contracts.

    A value of the standards is described in its standard form; ``load`` also takes it as people type it.
    Personal fields are marked ``x-personal``.
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_published(message_type)}


def _published(message_type: type[Any]) -> dict[str, Any]:
    declared = dict(_schema(message_type).message_fields())
    published: dict[str, Any] = {"title": message_type.__name__}
    # Where nothing was written, dataclass writes the signature.
    if not (described := message_type.__doc__ or "").startswith(f"{message_type.__name__}("):
        published["description"] = cleandoc(described)
    return published | {
        "type": "object",
        "properties": {name: _published_field(field) for name, field in declared.items()},
        "required": [name for name, field in declared.items() if field.required],
        "additionalProperties": False,
    }


def _published_field(field: MessageField) -> dict[str, Any]:
    published = dict(field.form.published)
    if not field.allow_none:
        return published
    # The mark stays outside, where whoever looks at the field finds it.
    mark = {"x-personal": True} if published.pop("x-personal", False) else {}
    return {"anyOf": [published, {"type": "null"}], **mark}


def _problems(messages: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """What marshmallow gathered by place, as one list."""
    match messages:
        case dict():
            for key, inner in messages.items():
                place = str(key)
                if inner == ["field.unknown"] and not _is_field_name(place):
                    place = "?"
                yield from _problems(inner, path if place == SCHEMA else (*path, place))
        case list():
            for inner in messages:
                yield from _problems(inner, path)
        case _:
            invalid = messages if isinstance(messages, Invalid) else _FOUND_BY_MARSHMALLOW[messages]
            field = ".".join(path) or None
            yield {"code": invalid.code, "zh": invalid.zh, "en": invalid.en, "field": field}
