"""The public notice of a hardship file: how long it runs, and objections to it."""

from datetime import date

from services.assistance.aggregates.file.checks import check_day, check_status
from services.assistance.aggregates.file.commands import DecideObjection, PostNotice, RecordObjection
from services.assistance.aggregates.file.evolving import FileEvent
from services.assistance.aggregates.file.refusals import (
    APPLICANT_CHANGES,
    NO_CALENDAR,
    OBJECTION_UNKNOWN,
)
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.events.file import NoticePosted, ObjectionDecided, ObjectionReceived
from services.assistance.parameters import NOTICE_WORKING_DAYS, WORKING_DAY_CALENDAR
from shared.rules.context import Context
from shared.rules.parameter import NOT_IN_FORCE
from shared.rules.refusal import Refused
from shared.standards.invalid import Invalid
from shared.standards.working_days import Calendar, Year, read_year


def post_notice(command: PostNotice, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.5; 民法典 art. 201: the day of posting does not count."""
    check_status(file, "economic_check", "public_notice")
    check_day(file, command.posted_on, "posted_on")
    working_days: int = context.parameter(NOTICE_WORKING_DAYS, command.posted_on)
    return [
        NoticePosted(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            medium=command.medium,
            place=command.place,
            working_days=working_days,
            last_on=last_day(command.posted_on, working_days, context),
            effective_on=command.posted_on,
        )
    ]


def last_day(posted_on: date, working_days: int, context: Context) -> date:
    """The nth working day after a posting; the period ends with it. A year without calendar refuses."""
    years: dict[int, Year] = {}
    while True:
        try:
            return Calendar(years).nth_working_day(posted_on, working_days)
        except Invalid as invalid:
            # The period reaches into a year that has not been looked up: at most two of them do.
            year = posted_on.year if posted_on.year not in years else posted_on.year + 1
            if invalid.code != "working_days.no_calendar" or year in years:
                raise NO_CALENDAR(field="posted_on", year=year) from None
            years[year] = calendar_of(year, context)


def calendar_of(year: int, context: Context) -> Year:
    """The year's calendar. Raises the refusal ``hardship_file.no_calendar``."""
    try:
        return read_year(year, context.parameter(WORKING_DAY_CALENDAR, date(year, 1, 1)))
    except Invalid:
        raise NO_CALENDAR(field="posted_on", year=year) from None
    except Refused as refused:
        if refused.refusal is not NOT_IN_FORCE:
            raise
        raise NO_CALENDAR(field="posted_on", year=year) from None


def record_objection(command: RecordObjection, file: HardshipFile, context: Context) -> list[FileEvent]:
    if command.objection_id in file.open_objections:
        return []
    check_status(file, "public_notice")
    check_day(file, command.received_on, "received_on")
    if command.person_id != file.person_id:
        raise APPLICANT_CHANGES(field="person_id")
    return [
        ObjectionReceived(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            objection_id=command.objection_id,
            person_id=command.person_id,
            content=command.content,
            effective_on=command.received_on,
        )
    ]


def decide_objection(command: DecideObjection, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.5: upheld, it sends back to first review; rejected, with a reason."""
    check_status(file, "public_notice")
    check_day(file, command.decided_on, "decided_on")
    if command.objection_id not in file.open_objections:
        raise OBJECTION_UNKNOWN(field="objection_id")
    if command.person_id != file.person_id:
        raise APPLICANT_CHANGES(field="person_id")
    return [
        ObjectionDecided(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            objection_id=command.objection_id,
            person_id=command.person_id,
            upheld=command.upheld,
            reason=command.reason,
            decided_by=context.actor_id,
            effective_on=command.decided_on,
        )
    ]
