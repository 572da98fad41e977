"""Log lines: set up once for a process, with what they belong to, and without a number of anybody's."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

FORMATS = ("console", "json")
OURS = ("shared", "gonghui")
MASK = "‹number›"

# Of an identity number only digits are asked for around it; hexadecimal digits around the others, or the ends
# of identities and hashes would go as well. Between groups of digits there may be a blank or a hyphen.
_IDENTITY = r"(?<!\d)\d{17}[\dXx](?!\d)|(?<![\dA-Fa-f])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?![\dA-Fa-f])"
_CARD = r"(?<![\dA-Fa-f])\d{13,19}(?![\dA-Fa-f])"
_GROUPED_CARD = r"(?<![\dA-Fa-f-])\d{4}(?:[ -]\d{4}){2,3}[ -]\d{1,7}(?![\dA-Fa-f-])"
_MOBILE = r"(?<![\dA-Fa-f])1[3-9]\d(?:[ -]?\d{4}){2}(?![\dA-Fa-f])"
_numbers = re.compile(f"{_IDENTITY}|{_CARD}|{_GROUPED_CARD}|{_MOBILE}")
_full_width = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
LARGEST_NUMBER = 9_999_999_999
"""A number of more digits may be somebody's telephone or card."""


def set_up(wanted: str) -> None:
    """Have this process's log lines, those of all libraries too, go to its error output.

    What runs beneath us says warnings only: at finer levels libraries write what they were handed, and
    SQLAlchemy writes rows.

    Args:
        wanted: one of FORMATS; anything else counts as the first.
    """
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(formatter(wanted))
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("sqlalchemy", "nameko", "kombu", "amqp", "alembic", "psycopg"):
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(wanted: str) -> logging.Formatter:
    """What turns a record of the standard library's logging into a line."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if wanted == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    known: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=known,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_numbers,
            renderer,
        ],
    )


def mask_numbers(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Whatever looks like a number of identity, card or mobile telephone, put out of a line.

    Nothing should bring one here; this is for what was overlooked.
    """
    return {masked_text(name): _masked(value) for name, value in line.items()}


def masked_text(text: str) -> str:
    """A text without what looks like a number of anybody's."""
    return _numbers.sub(MASK, text.translate(_full_width))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked_text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return MASK if abs(value) > LARGEST_NUMBER else value
    if isinstance(value, Mapping):
        return {masked_text(str(name)): _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    return masked_text(repr(value))
