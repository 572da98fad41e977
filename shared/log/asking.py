"""Asking the store: statements compiled once and, on PostgreSQL, sent together."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import islice
from typing import Any

import msgspec
from psycopg.rows import namedtuple_row, tuple_row
from psycopg.types.string import ByteaBinaryLoader
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    String,
    Text,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.log import postgresql

PAGE = 1_000
AHEAD = 2
PORTION = 50


class Question:
    """A statement that is asked for every batch.

    Args:
        statement: makes it for a kind of store; it takes its parameters by name.
    """

    def __init__(self, statement: Callable[[Connection], Any]) -> None:
        self._statement = statement
        self._made: dict[str, Any] = {}
        self._row_maker: Any = None

    def on(self, connection: Connection) -> Any:
        """The statement for a connection: compiled text on PostgreSQL, where the driver takes it as it is."""
        dialect = connection.dialect
        if dialect.name not in self._made:
            statement = self._statement(connection)
            on_postgresql = dialect.name == "postgresql"
            self._made[dialect.name] = str(statement.compile(dialect=dialect)) if on_postgresql else statement
        return self._made[dialect.name]

    def row_factory(self, cursor: Any) -> Any:
        """What makes a row on PostgreSQL; the driver would work out its names anew for each answer."""
        if cursor.pgresult is None or not cursor.pgresult.nfields:
            return tuple_row(cursor)
        if self._row_maker is None:
            self._row_maker = namedtuple_row(cursor)
        return self._row_maker


def ask(connection: Connection, *questions: tuple[Question, Mapping[str, Any]]) -> list[list[Any]]:
    """The rows that answer each question, empty for one that only changes something.

    A question whose lists are all empty is not asked.
    """
    asked = [each for each in questions if not _about_nothing(each)]
    if connection.dialect.name == "postgresql":
        answers = iter(_ask_postgresql(connection, asked))
    else:
        answers = (_ask_sqlite(connection, *each) for each in asked)
    return [[] if _about_nothing(each) else next(answers) for each in questions]


def _about_nothing(asked: tuple[Question, Mapping[str, Any]]) -> bool:
    lists = [value for value in asked[1].values() if isinstance(value, list)]
    return bool(lists) and not any(lists)


def _ask_postgresql(
    connection: Connection, asked: Sequence[tuple[Question, Mapping[str, Any]]]
) -> list[list[Any]]:
    driver: Any = connection.connection.driver_connection
    cursors = [driver.cursor(row_factory=question.row_factory) for question, _ in asked]
    begun = postgresql.in_transaction(connection)
    together = driver.pipeline() if len(asked) > 1 or not begun else nullcontext()
    with postgresql.driver_errors(connection, "questions"), together:
        if not begun:
            driver.execute("BEGIN")
        for cursor, (question, given) in zip(cursors, asked, strict=True):
            cursor.execute(question.on(connection), _with_lists(given, partial(postgresql.array, "text")))
    # Asking for a cursor's description would describe each column.
    return [cursor.fetchall() if cursor.pgresult.nfields else [] for cursor in cursors]


def _ask_sqlite(connection: Connection, question: Question, given: Mapping[str, Any]) -> list[Any]:
    # SQLite has no arrays: any number of values come as one JSON text.
    result = connection.execute(question.on(connection), _with_lists(given, _text))
    return list(result) if result.returns_rows else []


def _with_lists(given: Mapping[str, Any], convert: Callable[[list[str]], Any]) -> dict[str, Any]:
    return {name: convert(value) if isinstance(value, list) else value for name, value in given.items()}


def _text(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()


def named(connection: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """A condition that a text column is one of the values of a parameter of that name."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(Text)))
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


@contextmanager
def sending(connection: Connection) -> Iterator[None]:
    """Within it, PostgreSQL works on what it was sent while this process goes on."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    with postgresql.driver_errors(connection, "statements sent together"), driver.pipeline():
        yield


def ask_ahead(
    connection: Connection, question: Question, asked: Iterator[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """The answers to a question asked again and again, within ``sending``.

    Its rows are plain tuples as the driver reads them, which is quicker for many; see ``as_read``.
    """
    if connection.dialect.name != "postgresql":
        for given in asked:
            yield list(connection.execute(question.on(connection), given).cursor.fetchall())
        return
    driver: Any = connection.connection.driver_connection
    statement = question.on(connection)

    def sent(given: Mapping[str, Any]) -> Any:
        cursor = driver.cursor(binary=True)
        cursor.adapters.register_loader("varchar", ByteaBinaryLoader)
        return cursor.execute(statement, given)

    ahead = deque(map(sent, islice(asked, AHEAD)))
    while ahead:
        rows = ahead.popleft().fetchall()
        ahead.extend(map(sent, islice(asked, 1)))
        yield rows[:PORTION]
        for start in range(PORTION, len(rows), PORTION):
            # What has arrived is taken off the connection, which holds less than an answer.
            driver.pgconn.consume_input()
            yield rows[start : start + PORTION]


def plain_rows(connection: Connection, query: Select[Any]) -> list[Any]:
    """The rows of a query from the driver itself, where nothing has to be converted."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        compiled = query.compile(dialect=connection.dialect)
        with postgresql.driver_errors(connection, "rows"):
            rows: list[Any] = driver.cursor(binary=True).execute(str(compiled), compiled.params).fetchall()
        return rows
    found: Any = connection.execute(query)
    rows = found.cursor.fetchall()
    found.close()
    return rows


def ask_in_pages(connection: Connection, question: Question) -> Iterator[Sequence[Any]]:
    """The rows of a very long answer as plain tuples, page by page to the end."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        told = "a question answered in pages"
        with postgresql.driver_errors(connection, told), driver.cursor("pages", binary=True) as cursor:
            cursor.execute(question.on(connection))
            while page := cursor.fetchmany(PAGE):
                yield page
        return
    answer = connection.execute(question.on(connection)).cursor
    while page := answer.fetchmany(PAGE):
        yield page


def as_read(
    connection: Connection, columns: Sequence[ColumnElement[Any]], texts: Sequence[ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """What to select for ``ask_ahead``: some columns as they are, then some texts as their bytes in UTF-8.

    PostgreSQL makes a varchar of a text, and a text of a varchar, without any work; ``ask_ahead`` reads
    every varchar as bytes.
    """
    if connection.dialect.name != "postgresql":
        return [*columns, *(cast(each, LargeBinary) for each in texts)]
    others = (cast(each, Text) if isinstance(each.type, String) else each for each in columns)
    return [*others, *(cast(each, String) for each in texts)]
