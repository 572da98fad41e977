"""What is known of a union social worker: on which days employed, and where assigned."""

from dataclasses import replace
from datetime import date
from typing import assert_never

from services.staffing.events import AssignmentEnded, WorkerAssigned, WorkerHired, WorkerLeft
from shared.rules.message import message


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

    def employed_between(self, first_day: date, last_day: date) -> bool:
        return self.employed_within(Days(begins_on=first_day, ends_on=last_day))

    def assignment(self, assignment_id: str) -> Assignment | None:
        return next((each for each in self.assignments if each.assignment_id == assignment_id), None)

    def assignment_on(self, day: date) -> Assignment | None:
        """The main assignment on a day; there is never a second."""
        return next((each for each in self.assignments if each.days.hold_on(day)), None)


WorkerEvent = WorkerHired | WorkerAssigned | AssignmentEnded | WorkerLeft


def evolve(worker: UnionSocialWorker, event: WorkerEvent) -> UnionSocialWorker:
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
