"""A small language of posts, with projections whose keys are dates, booleans and integers."""

from datetime import date

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, Table, Text

from shared.log.envelope import Envelope
from shared.projections.projection import Projection, Row
from shared.rules.message import message
from shared.rules.personal import Personal


@message(upcasters=(lambda data: data | {"hours": 8},))
class PostTaken:
    """Its first shape had no hours: a day had eight."""

    post_id: str
    day: date
    is_night: bool
    hours: int


@message
class PostLeft:
    post_id: str
    day: date
    is_night: bool


@message
class PostMoved:
    from_post_id: str
    to_post_id: str


@message
class HolderNamed:
    post_id: str
    person_id: str
    name: Personal[str]


@message
class PostPainted:
    """No projection handles it."""

    post_id: str


hours = Projection(
    Table(
        "hours",
        MetaData(),
        Column("day", Date, primary_key=True),
        Column("is_night", Boolean, primary_key=True),
        Column("length", Integer, primary_key=True, autoincrement=False),
        Column("taken", Integer, nullable=False, default=0),
        Column("last_post_id", Text),
        Column("is_new", Boolean, nullable=False, default=True),
    ),
    source="posts",
    key=lambda event, _: [(event.day, event.is_night, event.hours)],
)
"""Keyed by a date, a boolean and an integer."""


@hours.on(PostTaken)
def hours_taken(row: Row, event: PostTaken, envelope: Envelope) -> Row:
    return row | {"taken": row["taken"] + 1, "last_post_id": event.post_id, "is_new": row["taken"] == 0}


posts = Projection(
    Table(
        "posts",
        MetaData(),
        Column("post_id", Text, primary_key=True),
        Column("order", Integer, nullable=False, default=7),
        Column("day", Date),
        Column("name", Text),
    ),
    source="posts",
    key="post_id",
)
"""A column bears a word of SQL's own, and rows go and come."""


@posts.on(PostTaken)
def post_taken(row: Row, event: PostTaken, envelope: Envelope) -> Row:
    return row | {"day": event.day, "order": row["order"] + event.hours}


@posts.on(PostLeft)
def post_left(row: Row, event: PostLeft, envelope: Envelope) -> None:
    return None


@posts.on(HolderNamed)
def holder_named(row: Row, event: HolderNamed, envelope: Envelope) -> Row:
    return row | {"name": str(event.name)}


@posts.on(PostMoved, key=lambda event, _: [(event.from_post_id,), (event.to_post_id,)])
def post_moved(row: Row, event: PostMoved, envelope: Envelope) -> Row | None:
    return None if row["post_id"] == event.from_post_id else row | {"order": row["order"] + 1}


days = Projection(
    Table("days", MetaData(), Column("day", Date, primary_key=True), Column("times", Integer, default=0)),
    source="posts",
    key="day",
)


@days.on(PostTaken)
def day_taken(row: Row, event: PostTaken, envelope: Envelope) -> Row:
    row["times"] += 1  # a function that changes its row in place: it counts all the same
    return row
