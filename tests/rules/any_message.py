"""Any message of a type, made by hypothesis from the types of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from shared.rules.personal import Personal

Strategy = st.SearchStrategy[Any]
STORABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
"""Texts without half surrogate pairs, which the edge refuses."""
INTEGERS = st.integers(-(2**63), 2**63 - 1)
DAYS = st.dates()


@dataclass(frozen=True)
class AnyMessage:
    """Which values fields are given.

    Args:
        personal: the personal values.
        texts, identities: the texts, and those of fields that end with ``_id``.
        integers, days: the numbers and the days.
    """

    personal: Strategy
    texts: Strategy = STORABLE
    identities: Strategy = STORABLE
    integers: Strategy = INTEGERS
    days: Strategy = DAYS

    def of(self, message_type: type[Any]) -> Strategy:
        """Any message of a type; a nested record's too."""
        hints = get_type_hints(message_type)
        return st.builds(message_type, **{name: self._value(hint, name) for name, hint in hints.items()})

    def _value(self, hint: Any, name: str) -> Strategy:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return st.one_of(*(self._value(each, name) for each in arguments))
        if origin is Literal:
            return st.sampled_from(arguments)
        if origin is Personal:
            return self.personal
        if origin is tuple:
            return st.lists(self._value(arguments[0], name), max_size=3).map(tuple)
        if origin is frozenset:
            return st.frozensets(self._value(arguments[0], name), max_size=3)
        if origin is not None and issubclass(origin, Mapping):
            return st.dictionaries(self.texts, self._value(arguments[1], name), max_size=3)
        if is_dataclass(hint):
            return self.of(hint)  # type: ignore[arg-type]
        return self._plain(hint, name)

    def _plain(self, hint: Any, name: str) -> Strategy:
        texts = self.identities if name.endswith("_id") else self.texts
        plain: dict[Any, Strategy] = {
            str: texts,
            int: self.integers,
            bool: st.booleans(),
            date: self.days,
            type(None): st.none(),
        }
        if hint in plain:
            return plain[hint]
        return texts.map(lambda text: str.__new__(hint, text))
