"""Union social workers: hired, assigned to one place at a time, and gone; one stream for each person."""

from datetime import date
from typing import assert_never

from services.staffing.aggregates.service_station import service_station
from services.staffing.aggregates.worker.commands import (
    AssignWorker,
    EndAssignment,
    HireWorker,
    LeaveService,
    WorkerCommand,
)
from services.staffing.aggregates.worker.refusals import (
    ALREADY_EMPLOYED,
    ASSIGNED_LATER,
    ASSIGNMENT_ID_USED,
    ASSIGNMENT_UNKNOWN,
    ENDED_ALREADY,
    ENDS_BEFORE_IT_BEGINS,
    HIRED_BEFORE_LEAVING,
    LEFT_ALREADY,
    LEFT_BEFORE_HIRED,
    NOT_EMPLOYED,
    NOT_HEADQUARTERS,
    ORGANISATIONS_ABOVE,
    OVERLAPS,
    PERSON_REGISTERED,
    PERSON_UNKNOWN,
    PLACE,
    STATION_NOT_OPEN,
    STATION_UNKNOWN,
)
from services.staffing.aggregates.worker.state import Assignment, Days, UnionSocialWorker, WorkerEvent, evolve
from services.staffing.events import AssignmentEnded, WorkerAssigned, WorkerHired, WorkerLeft
from shared.rules.context import Context
from shared.rules.decider import Decider


def decide(command: WorkerCommand, worker: UnionSocialWorker, context: Context) -> list[WorkerEvent]:
    """Source: handbook, staffing 3 and invariant 4 (one main assignment for each worker and date)."""
    match command:
        case HireWorker():
            return hire(command, worker, context)
        case AssignWorker():
            return assign(command, worker, context)
        case EndAssignment():
            return end_assignment(command, worker)
        case LeaveService():
            return leave(command, worker)
        case _:
            assert_never(command)


def hire(command: HireWorker, worker: UnionSocialWorker, context: Context) -> list[WorkerEvent]:
    if not context.fact(PERSON_REGISTERED):
        raise PERSON_UNKNOWN(field="person_id")
    if worker.employments:
        last = worker.employments[-1]
        if last.ends_on is None:
            raise ALREADY_EMPLOYED(field="person_id", hired_on=last.begins_on)
        if command.hired_on <= last.ends_on:
            raise HIRED_BEFORE_LEAVING(field="hired_on", left_on=last.ends_on)
    return [
        WorkerHired(
            person_id=command.person_id,
            hiring_kind=command.hiring_kind,
            batch=command.batch,
            basis=command.basis,
            effective_on=command.hired_on,
        )
    ]


def assign(command: AssignWorker, worker: UnionSocialWorker, context: Context) -> list[WorkerEvent]:
    days = Days(begins_on=command.begins_on, ends_on=command.ends_on)
    organisation_id = check_place(command, context)
    assigned = Assignment(
        assignment_id=command.assignment_id,
        station_id=command.station_id,
        organisation_id=organisation_id,
        days=days,
    )
    if (existing := worker.assignment(command.assignment_id)) is not None:
        if existing == assigned:
            return []
        raise ASSIGNMENT_ID_USED(field="assignment_id")
    check_days(days, worker)
    return [
        WorkerAssigned(
            person_id=command.person_id,
            assignment_id=command.assignment_id,
            station_id=command.station_id,
            organisation_id=organisation_id,
            posting_level="district_headquarters" if command.station_id is None else "grassroots",
            basis=command.basis,
            effective_on=command.begins_on,
            ends_on=command.ends_on,
        )
    ]


def check_place(command: AssignWorker, context: Context) -> str:
    """The organisation of the place. Raises the refusal that stands against the place, if any."""
    if command.station_id is None:
        if command.organisation_id is None:
            raise PLACE(field="station_id")
        # The district federation is the one that stands under no other.
        if context.fact(ORGANISATIONS_ABOVE) != [command.organisation_id]:
            raise NOT_HEADQUARTERS(field="organisation_id")
        return command.organisation_id
    if command.organisation_id is not None:
        raise PLACE(field="organisation_id")
    opening = context.state(service_station, command.station_id).opening
    if opening is None:
        raise STATION_UNKNOWN(field="station_id")
    if command.begins_on < opening.effective_on:
        raise STATION_NOT_OPEN(field="begins_on", opened_on=opening.effective_on)
    organisation_id: str = opening.organisation_id
    return organisation_id


def check_days(days: Days, worker: UnionSocialWorker) -> None:
    """Raises the refusal that stands against another assignment on these days, if any."""
    if days.ends_on is not None and days.ends_on < days.begins_on:
        raise ENDS_BEFORE_IT_BEGINS(field="ends_on", begins_on=days.begins_on)
    employment = next((each for each in worker.employments if each.hold_on(days.begins_on)), None)
    if employment is None:
        raise NOT_EMPLOYED(field="begins_on", day=days.begins_on)
    if employment.ends_on is not None and (days.ends_on is None or days.ends_on > employment.ends_on):
        raise LEFT_ALREADY(field="ends_on", left_on=employment.ends_on)
    for each in worker.assignments:
        if each.days.overlap(days):
            raise OVERLAPS(field="begins_on", begins_on=each.days.begins_on)


def end_assignment(command: EndAssignment, worker: UnionSocialWorker) -> list[WorkerEvent]:
    assignment = worker.assignment(command.assignment_id)
    if assignment is None:
        raise ASSIGNMENT_UNKNOWN(field="assignment_id")
    if command.ends_on < assignment.days.begins_on:
        raise ENDS_BEFORE_IT_BEGINS(field="ends_on", begins_on=assignment.days.begins_on)
    if assignment.days.ends_on == command.ends_on:
        return []
    if assignment.days.ends_on is not None and assignment.days.ends_on < command.ends_on:
        raise ENDED_ALREADY(field="ends_on", ends_on=assignment.days.ends_on)
    return [ended(command.person_id, assignment, command.ends_on)]


def leave(command: LeaveService, worker: UnionSocialWorker) -> list[WorkerEvent]:
    if not worker.employments:
        raise NOT_EMPLOYED(field="person_id", day=command.left_on)
    employment = worker.employments[-1]
    if employment.ends_on == command.left_on:
        return []
    if employment.ends_on is not None:
        raise LEFT_ALREADY(field="person_id", left_on=employment.ends_on)
    if command.left_on < employment.begins_on:
        raise LEFT_BEFORE_HIRED(field="left_on", hired_on=employment.begins_on)
    events: list[WorkerEvent] = []
    for each in worker.assignments:
        if each.days.begins_on > command.left_on:
            raise ASSIGNED_LATER(field="left_on", begins_on=each.days.begins_on)
        if each.days.ends_on is None or each.days.ends_on > command.left_on:
            events.append(ended(command.person_id, each, command.left_on))
    left = WorkerLeft(
        person_id=command.person_id,
        leaving_kind=command.leaving_kind,
        destination=command.destination,
        basis=command.basis,
        effective_on=command.left_on,
    )
    return [*events, left]


def ended(person_id: str, assignment: Assignment, last_day: date) -> AssignmentEnded:
    return AssignmentEnded(person_id=person_id, assignment_id=assignment.assignment_id, effective_on=last_day)


union_social_worker = Decider(
    "union_social_worker", "person_id", WorkerCommand, WorkerEvent, UnionSocialWorker(), decide, evolve
)
