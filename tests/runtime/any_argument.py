"""Arguments of calls made by hypothesis from a method's published schema: of the right shape, and spoilt."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]
SHORT = 40

WRONG: Strategy = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(2**53 + 1, 2**200),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "a\0b",
            "\ud800",
            "王\udfff",
            "‮abc",
            "x" * 300,
            "王" * 100_000,
            "2026-02-30",
            "9999-12-31",
            "0001-01-01",
            "NaN",
            "-0",
            "1e999",
            "'; DROP TABLE events; --",
            "{limit_fen}",
            "%s%n",
            "/",
            "a/b",
            "reaction/a/1/2/3",
        ]
    ),
    st.text(max_size=SHORT),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=SHORT), st.none(), max_size=3),
    st.just([[]] * 1_001),
    st.integers(50, 300).map(lambda depth: nested(depth)),
)
"""Values that fit nowhere, or hardly anywhere."""

NO_DAYS = ("0001-01-01", "1899-12-31", "2101-01-01", "9999-12-31")
MOMENTS = (
    "2024-06-30T18:00:00+08:00",
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59-08:00",
    "2024-06-30",
)

UNKNOWN_NAMES = st.one_of(
    st.sampled_from(["call", "args", "kwargs", "rows", "command_id", "__class__", "身份证号", "", "a.b"]),
    st.text(max_size=SHORT),
)


def nested(depth: int) -> Any:
    """Lists and objects within one another."""
    value: Any = None
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def fitting(schema: dict[str, Any], definitely: bool = False) -> Strategy:
    """Values that a JSON Schema describes, as far as its published words tell."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(fitting(each) for each in schema["anyOf"]))
    match schema.get("type"):
        case "object" if "properties" in schema:
            required = set(schema.get("required", ()))
            fields = {
                name: st.sampled_from(MOMENTS) if name == "moment" else fitting(each)
                for name, each in schema["properties"].items()
            }
            return st.fixed_dictionaries(
                {name: each for name, each in fields.items() if name in required},
                optional={name: each for name, each in fields.items() if name not in required},
            )
        case "object":
            return st.dictionaries(st.text(max_size=8), fitting(schema["additionalProperties"]), max_size=2)
        case "array":
            return st.lists(fitting(schema["items"]), max_size=3)
        case "integer":
            least, most = schema["minimum"], schema["maximum"]
            return st.one_of(st.integers(0, 10), st.sampled_from([least, -1, most]), st.integers(least, most))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return _text(schema)


def _text(schema: dict[str, Any]) -> Strategy:
    if schema.get("format") == "date":
        edges = [schema["formatMinimum"], schema["formatMaximum"], *NO_DAYS]
        return st.one_of(st.dates(date(1950, 1, 1), date(2050, 1, 1)).map(str), st.sampled_from(edges))
    usual = list(schema.get("examples", ()))
    if "pattern" in schema:
        made = st.from_regex(schema["pattern"], fullmatch=True)
    else:
        made = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=SHORT)
    return st.one_of(st.sampled_from(usual), made) if usual else made


@st.composite
def spoilt(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    """Arguments of the right shape, of which some may be wrong, missing or unknown."""
    arguments: dict[str, Any] = draw(fitting(schema))
    for _ in range(draw(st.integers(0, 2))):
        names = sorted(schema["properties"])
        how = draw(st.sampled_from(["value", "missing", "unknown"]))
        if how == "unknown" or not names:
            arguments[draw(UNKNOWN_NAMES)] = draw(WRONG)
        elif how == "missing":
            arguments.pop(draw(st.sampled_from(names)), None)
        else:
            arguments[draw(st.sampled_from(names))] = draw(WRONG)
    return arguments


def rows_of(schema: dict[str, Any]) -> Strategy:
    """The ``rows`` of a method's bulk form."""
    row = st.one_of(spoilt(schema), WRONG)
    return st.one_of(st.lists(row, max_size=4), WRONG)
