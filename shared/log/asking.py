"""Asking the store: statements compiled once and, on PostgreSQL, sent together."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import Any

import msgspec
from psycopg.rows import namedtuple_row
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.log import postgresql
from shared.log.store import insert_rows

PAGE = 1_000
AHEAD = 2


class Question:
    """A statement that is asked for every batch.

    Args:
        statement: makes it for a kind of store; it takes its parameters by name.
    """

    def __init__(self, statement: Callable[[Connection], Any]) -> None:
        self._statement = statement
        self._made: dict[str, Any] = {}

    def on(self, connection: Connection) -> Any:
        """The statement for a connection: compiled text on PostgreSQL, where the driver takes it as it is."""
        dialect = connection.dialect
        if dialect.name not in self._made:
            statement = self._statement(connection)
            on_postgresql = dialect.name == "postgresql"
            self._made[dialect.name] = str(statement.compile(dialect=dialect)) if on_postgresql else statement
        return self._made[dialect.name]


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
    cursors = [driver.cursor(row_factory=namedtuple_row) for _ in asked]
    together = driver.pipeline() if len(asked) > 1 else nullcontext()
    with postgresql.driver_errors(connection, "questions"), together:
        for cursor, (question, given) in zip(cursors, asked, strict=True):
            cursor.execute(question.on(connection), given)
    # Asking for a cursor's description would describe each column.
    return [cursor.fetchall() if cursor.pgresult.nfields else [] for cursor in cursors]


def _ask_sqlite(connection: Connection, question: Question, given: Mapping[str, Any]) -> list[Any]:
    # SQLite has no arrays: any number of values come as one JSON text.
    texts = {name: _text(value) if isinstance(value, list) else value for name, value in given.items()}
    result = connection.execute(question.on(connection), texts)
    return list(result) if result.returns_rows else []


def _text(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()


def insert_and_change(
    connection: Connection,
    inserts: Sequence[tuple[Table, Sequence[tuple[Any, ...]]]],
    change: Question,
    given: dict[str, Any],
) -> None:
    """Insert rows into several tables and change something else; few rows go in one statement."""
    present = [(table, rows) for table, rows in inserts if rows]
    few = max((len(rows) for _, rows in present), default=0) <= postgresql.INSERT_MOST
    if few and connection.dialect.name == "postgresql":
        postgresql.insert_and_change(connection, present, change.on(connection), given)
        return
    for table, rows in present:
        insert_rows(connection, table, rows)
    ask(connection, (change, given))


def named(connection: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """A condition that a text column is one of the values of a parameter of that name."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def ask_for_many(connection: Connection, question: Question, given: Mapping[str, Any]) -> list[Any]:
    """The rows that answer a question as plain tuples, just as the driver reads them: quicker for many."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with postgresql.driver_errors(connection, "a question for many rows"):
            return list(driver.cursor(binary=True).execute(question.on(connection), given).fetchall())
    return list(connection.execute(question.on(connection), given).cursor.fetchall())


@contextmanager
def asking_ahead(connection: Connection) -> Iterator[None]:
    """Within it, PostgreSQL works out the next answer while this process looks at the last one."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    with postgresql.driver_errors(connection, "questions asked ahead"), driver.pipeline():
        yield


def ask_ahead(
    connection: Connection, question: Question, asked: Iterator[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """The answers of ``ask_for_many`` to a question asked again and again, within ``asking_ahead``."""
    if connection.dialect.name != "postgresql":
        for given in asked:
            yield ask_for_many(connection, question, given)
        return
    driver: Any = connection.connection.driver_connection
    statement = question.on(connection)
    ahead = deque(driver.cursor(binary=True).execute(statement, given) for given in islice(asked, AHEAD))
    while ahead:
        yield ahead.popleft().fetchall()
        ahead.extend(driver.cursor(binary=True).execute(statement, given) for given in islice(asked, 1))


def ask_in_pages(connection: Connection, question: Question) -> Iterator[Sequence[Any]]:
    """The rows of a very long answer as ``ask_for_many`` gives them, page by page to the end."""
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


def as_bytes(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text column as its bytes in UTF-8."""
    if connection.dialect.name == "postgresql":
        return func.convert_to(column, literal_column("'UTF8'"))
    return cast(column, LargeBinary)
