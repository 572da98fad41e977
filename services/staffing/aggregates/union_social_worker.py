"""Union social workers: hired, assigned to one place at a time, and gone; one stream for each person."""

from dataclasses import replace
from datetime import date
from typing import assert_never

from services.staffing.aggregates.service_station import service_station
from services.staffing.events import (
    AssignmentEnded,
    Destination,
    HiringKind,
    LeavingKind,
    WorkerAssigned,
    WorkerHired,
    WorkerLeft,
)
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.refusal import Refusal

ALREADY_EMPLOYED = Refusal(
    "union_social_worker.already_employed",
    zh="此人已于{hired_on}入职，在职期间不能重复办理入职",
    en="this person was hired on {hired_on} and has not left: nobody is hired twice",
)
HIRED_BEFORE_LEAVING = Refusal(
    "union_social_worker.hired_before_leaving",
    zh="再次入职的日期须晚于上次离职日期{left_on}",
    en="who comes back is hired after the day of leaving, {left_on}",
)
NOT_EMPLOYED = Refusal(
    "union_social_worker.not_employed",
    zh="此人在{day}不是在职的专职工会社会工作者，请先核对入职、离职登记",
    en="this person is not employed as a union social worker on {day}",
)
LEFT_ALREADY = Refusal(
    "union_social_worker.left_already",
    zh="此人已于{left_on}离职",
    en="this person left on {left_on}",
)
LEFT_BEFORE_HIRED = Refusal(
    "union_social_worker.left_before_hired",
    zh="离职日期不能早于入职日期{hired_on}",
    en="nobody leaves before being hired, on {hired_on}",
)
ASSIGNED_LATER = Refusal(
    "union_social_worker.assigned_later",
    zh="离职日期之后还有自{begins_on}起的派驻，请先核对派驻登记",
    en="an assignment begins after the day of leaving, on {begins_on}",
)
PLACE = Refusal(
    "assignment.place",
    zh="派驻地点须在服务站和区总机关中选且只选一个",
    en="an assignment is either to a service station or to the headquarters",
)
STATION_UNKNOWN = Refusal(
    "assignment.station_unknown", zh="该工会服务站尚未登记", en="this service station is not registered"
)
STATION_NOT_OPEN = Refusal(
    "assignment.station_not_open",
    zh="该工会服务站{opened_on}才启用，派驻不能早于该日",
    en="this service station opened on {opened_on}; no assignment begins before",
)
OVERLAPS = Refusal(
    "assignment.overlaps",
    zh="此人另有自{begins_on}起的派驻，同一时间只能有一个主要岗位；调动请先结束原派驻",
    en="an assignment from {begins_on} covers the same days: there is one at a time; end that one first",
)
ASSIGNMENT_ID_USED = Refusal(
    "assignment.id_used", zh="该派驻编号已使用", en="this assignment id has been used already"
)
ASSIGNMENT_UNKNOWN = Refusal(
    "assignment.unknown", zh="此人没有这次派驻", en="this person has no such assignment"
)
ENDS_BEFORE_IT_BEGINS = Refusal(
    "assignment.ends_before_it_begins",
    zh="派驻的结束日期不能早于起始日期{begins_on}",
    en="an assignment cannot end before it begins, on {begins_on}",
)
ENDED_ALREADY = Refusal(
    "assignment.ended_already",
    zh="这次派驻已登记于{ends_on}结束",
    en="this assignment has been ended already, on {ends_on}",
)


@message
class HireWorker:
    person_id: str
    hiring_kind: HiringKind
    basis: str
    hired_on: date
    batch: str | None = None


@message
class AssignWorker:
    """To a station, or with ``organisation_id`` to headquarters; ``ends_on`` is its last day, if known."""

    person_id: str
    assignment_id: str
    basis: str
    begins_on: date
    station_id: str | None = None
    organisation_id: str | None = None
    ends_on: date | None = None


@message
class EndAssignment:
    person_id: str
    assignment_id: str
    ends_on: date


@message
class LeaveService:
    """``left_on`` is the last day; the assignment that holds then ends with it."""

    person_id: str
    leaving_kind: LeavingKind
    destination: Destination
    basis: str
    left_on: date


@message
class Days:
    """Both days are included; None: no end is known."""

    begins_on: date
    ends_on: date | None

    def hold_on(self, day: date) -> bool:
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)

    def lie_within(self, other: "Days") -> bool:
        return other.begins_on <= self.begins_on and (
            other.ends_on is None or (self.ends_on is not None and self.ends_on <= other.ends_on)
        )

    def overlap(self, other: "Days") -> bool:
        return (other.ends_on is None or self.begins_on <= other.ends_on) and (
            self.ends_on is None or other.begins_on <= self.ends_on
        )


@message
class Assignment:
    assignment_id: str
    station_id: str | None
    organisation_id: str
    days: Days


@message
class UnionSocialWorker:
    """``employments`` stand in the order of their days."""

    employments: tuple[Days, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    def employed_within(self, days: Days) -> bool:
        return any(each.overlap(days) for each in self.employments)

    def assignment(self, assignment_id: str) -> Assignment | None:
        return next((each for each in self.assignments if each.assignment_id == assignment_id), None)

    def assignment_on(self, day: date) -> Assignment | None:
        """The main assignment on a day; there is never a second."""
        return next((each for each in self.assignments if each.days.hold_on(day)), None)


Command = HireWorker | AssignWorker | EndAssignment | LeaveService
Event = WorkerHired | WorkerAssigned | AssignmentEnded | WorkerLeft


def decide(command: Command, worker: UnionSocialWorker, context: Context) -> list[Event]:
    """Source: handbook, staffing 3 and invariant 4 (one main assignment for each worker and date)."""
    match command:
        case HireWorker():
            return hire(command, worker)
        case AssignWorker():
            return assign(command, worker, context)
        case EndAssignment():
            return end_assignment(command, worker)
        case LeaveService():
            return leave(command, worker)
        case _:
            assert_never(command)


def hire(command: HireWorker, worker: UnionSocialWorker) -> list[Event]:
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


def assign(command: AssignWorker, worker: UnionSocialWorker, context: Context) -> list[Event]:
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


def end_assignment(command: EndAssignment, worker: UnionSocialWorker) -> list[Event]:
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


def leave(command: LeaveService, worker: UnionSocialWorker) -> list[Event]:
    if not worker.employments:
        raise NOT_EMPLOYED(field="person_id", day=command.left_on)
    employment = worker.employments[-1]
    if employment.ends_on == command.left_on:
        return []
    if employment.ends_on is not None:
        raise LEFT_ALREADY(field="person_id", left_on=employment.ends_on)
    if command.left_on < employment.begins_on:
        raise LEFT_BEFORE_HIRED(field="left_on", hired_on=employment.begins_on)
    events: list[Event] = []
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


def evolve(worker: UnionSocialWorker, event: Event) -> UnionSocialWorker:
    match event:
        case WorkerHired():
            begun = Days(begins_on=event.effective_on, ends_on=None)
            return replace(worker, employments=(*worker.employments, begun))
        case WorkerAssigned():
            assigned = Assignment(
                assignment_id=event.assignment_id,
                station_id=event.station_id,
                organisation_id=event.organisation_id,
                days=Days(begins_on=event.effective_on, ends_on=event.ends_on),
            )
            return replace(worker, assignments=(*worker.assignments, assigned))
        case AssignmentEnded():
            assignments = tuple(
                replace(each, days=replace(each.days, ends_on=event.effective_on))
                if each.assignment_id == event.assignment_id
                else each
                for each in worker.assignments
            )
            return replace(worker, assignments=assignments)
        case WorkerLeft():
            *before, last = worker.employments
            return replace(worker, employments=(*before, replace(last, ends_on=event.effective_on)))
        case _:
            assert_never(event)


union_social_worker = Decider(
    "union_social_worker", "person_id", Command, Event, UnionSocialWorker(), decide, evolve
)
