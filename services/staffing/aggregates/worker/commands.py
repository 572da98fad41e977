"""What can be wished of union social workers."""

from datetime import date

from services.staffing.events import Destination, HiringKind, LeavingKind
from shared.rules.message import message
from shared.rules.personal import PublicText


@message
class HireWorker:
    person_id: str
    hiring_kind: HiringKind
    basis: PublicText
    hired_on: date
    batch: PublicText | None = None


@message
class AssignWorker:
    """To a station, or with ``organisation_id`` to headquarters; ``ends_on`` is its last day, if known."""

    person_id: str
    assignment_id: str
    basis: PublicText
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
    basis: PublicText
    left_on: date


WorkerCommand = HireWorker | AssignWorker | EndAssignment | LeaveService
