"""Union social workers: hired, assigned to one place at a time, and their roles end with the assignment."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.staffing.aggregates.login import (
    ASSIGNMENT_MISSING,
    ROLE_BESIDE_ASSIGNMENT,
    ROLE_OUTSIDE_ASSIGNMENT,
    GrantRole,
    Place,
    WithdrawRole,
    login,
)
from services.staffing.aggregates.service_station import (
    ALREADY_OPENED,
    NAME_TAKEN,
    ORGANISATION_UNKNOWN,
    OpenStation,
    service_station,
)
from services.staffing.aggregates.union_social_worker import union_social_worker
from services.staffing.aggregates.worker.commands import AssignWorker, EndAssignment, HireWorker, LeaveService
from services.staffing.aggregates.worker.refusals import (
    ALREADY_EMPLOYED,
    ASSIGNED_LATER,
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
from services.staffing.aggregates.worker.state import Days, UnionSocialWorker
from services.staffing.events import (
    AssignmentEnded,
    LoginOpened,
    RoleGranted,
    RoleWithdrawn,
    StationOpened,
    WorkerAssigned,
    WorkerHired,
    WorkerLeft,
)
from tests.rules.rules import Rules, fold

DAY = timedelta(days=1)
HIRED_ON, POSTED_ON, ENDS_ON = date(2014, 7, 1), date(2014, 7, 7), date(2015, 6, 30)
LATER = date(2015, 9, 1)

YONGDING = StationOpened(
    station_id="yongding",
    organisation_id="town-union",
    name="永定镇工会服务站",
    basis="门工〔2009〕3号",
    effective_on=date(2009, 5, 1),
)
HIRED = WorkerHired(
    person_id="fang", hiring_kind="graduate", batch="第三批", basis="录用名单", effective_on=HIRED_ON
)
AT_YONGDING = WorkerAssigned(
    person_id="fang",
    assignment_id="first",
    station_id="yongding",
    organisation_id="town-union",
    posting_level="grassroots",
    basis="就近派驻",
    effective_on=POSTED_ON,
    ends_on=None,
)
ENDED = AssignmentEnded(person_id="fang", assignment_id="first", effective_on=ENDS_ON)
LEFT = WorkerLeft(
    person_id="fang",
    leaving_kind="resigned",
    destination="civil_service",
    basis="辞职申请",
    effective_on=ENDS_ON,
)

HIRE = HireWorker(
    person_id="fang", hiring_kind="graduate", batch="第三批", basis="录用名单", hired_on=HIRED_ON
)
ASSIGN = AssignWorker(
    person_id="fang", assignment_id="first", station_id="yongding", basis="就近派驻", begins_on=POSTED_ON
)
TO_HEADQUARTERS = AssignWorker(
    person_id="fang",
    assignment_id="second",
    organisation_id="district-union",
    basis="借调",
    begins_on=LATER,
)
END = EndAssignment(person_id="fang", assignment_id="first", ends_on=ENDS_ON)
LEAVE = LeaveService(
    person_id="fang",
    leaving_kind="resigned",
    destination="civil_service",
    basis="辞职申请",
    left_on=ENDS_ON,
)

social_workers = Rules(
    union_social_worker,
    others={(service_station, "yongding"): [YONGDING]},
    facts={PERSON_REGISTERED: True, ORGANISATIONS_ABOVE: ["district-union"]},
)


# stations


OPEN = OpenStation(
    station_id="yongding",
    organisation_id="town-union",
    name=YONGDING.name,
    basis=YONGDING.basis,
    opened_on=YONGDING.effective_on,
)
IN_TOWN = {ORGANISATIONS_ABOVE: ["town-union", "district-union"]}


def test_a_station_is_opened_once_under_its_union() -> None:
    rules = Rules(service_station, facts=IN_TOWN)

    rules.given().when(OPEN).then(YONGDING)
    rules.given(YONGDING).when(OPEN).then_nothing()
    rules.given(YONGDING).when(replace(OPEN, name="别的")).then_refused(ALREADY_OPENED)
    beside = Rules(service_station, others={(service_station, "yongding"): [YONGDING]}, facts=IN_TOWN)
    beside.given().when(replace(OPEN, station_id="other")).then_refused(NAME_TAKEN)


def test_no_station_is_opened_under_a_union_that_was_not_founded() -> None:
    unknown = Rules(service_station, facts={ORGANISATIONS_ABOVE: None})

    unknown.given().when(OPEN).then_refused(ORGANISATION_UNKNOWN, field="organisation_id")


# hiring


def test_nobody_is_hired_whom_the_registry_does_not_know() -> None:
    unknown = Rules(union_social_worker, facts={PERSON_REGISTERED: False})

    unknown.given().when(HIRE).then_refused(PERSON_UNKNOWN, field="person_id")


def test_a_worker_is_hired_with_a_kind_and_not_twice() -> None:
    social_workers.given().when(HIRE).then(HIRED)
    social_workers.given(HIRED).when(replace(HIRE, hired_on=LATER)).then_refused(
        ALREADY_EMPLOYED, field="person_id"
    )


def test_who_left_comes_back_only_after_the_day_of_leaving() -> None:
    gone = social_workers.given(HIRED, LEFT)

    gone.when(replace(HIRE, hired_on=ENDS_ON)).then_refused(HIRED_BEFORE_LEAVING, field="hired_on")
    gone.when(replace(HIRE, hired_on=ENDS_ON + DAY)).then(replace(HIRED, effective_on=ENDS_ON + DAY))


# assignments


def test_a_worker_is_assigned_to_a_station_and_stands_in_its_union() -> None:
    social_workers.given(HIRED).when(ASSIGN).then(AT_YONGDING)
    social_workers.given(HIRED, AT_YONGDING).when(ASSIGN).then_nothing()


def test_a_worker_is_assigned_to_the_headquarters() -> None:
    social_workers.given(HIRED).when(TO_HEADQUARTERS).then(
        replace(
            AT_YONGDING,
            assignment_id="second",
            station_id=None,
            organisation_id="district-union",
            posting_level="district_headquarters",
            basis="借调",
            effective_on=LATER,
        )
    )


@pytest.mark.parametrize("above", [["district-union", "city-union"], None])
def test_the_headquarters_are_those_of_the_federation_that_stands_under_no_other(
    above: list[str] | None,
) -> None:
    elsewhere = replace(social_workers, facts={ORGANISATIONS_ABOVE: above})

    elsewhere.given(HIRED).when(TO_HEADQUARTERS).then_refused(NOT_HEADQUARTERS, field="organisation_id")


def test_an_assignment_names_one_place() -> None:
    hired = social_workers.given(HIRED)

    hired.when(replace(ASSIGN, organisation_id="district-union")).then_refused(PLACE)
    hired.when(replace(ASSIGN, station_id=None)).then_refused(PLACE)
    hired.when(replace(ASSIGN, station_id="nowhere")).then_refused(STATION_UNKNOWN)


def test_nobody_is_assigned_to_a_station_before_it_opened() -> None:
    opened_later = Rules(
        union_social_worker,
        others={(service_station, "yongding"): [replace(YONGDING, effective_on=POSTED_ON + DAY)]},
    )

    opened_later.given(HIRED).when(ASSIGN).then_refused(STATION_NOT_OPEN, field="begins_on")


def test_only_who_is_employed_on_those_days_is_assigned() -> None:
    social_workers.given().when(ASSIGN).then_refused(NOT_EMPLOYED)
    social_workers.given(HIRED).when(replace(ASSIGN, begins_on=HIRED_ON - DAY)).then_refused(NOT_EMPLOYED)
    social_workers.given(HIRED, LEFT).when(TO_HEADQUARTERS).then_refused(NOT_EMPLOYED)
    social_workers.given(HIRED, LEFT).when(ASSIGN).then_refused(LEFT_ALREADY, field="ends_on")


def test_a_transfer_needs_the_end_of_the_assignment_before() -> None:
    posted = social_workers.given(HIRED, AT_YONGDING)

    posted.when(TO_HEADQUARTERS).then_refused(OVERLAPS, field="begins_on")
    social_workers.given(HIRED, AT_YONGDING, ENDED).when(
        replace(TO_HEADQUARTERS, begins_on=ENDS_ON)
    ).then_refused(OVERLAPS)
    assert social_workers.given(HIRED, AT_YONGDING, ENDED).when(TO_HEADQUARTERS).refused is None


def test_an_assignment_is_ended_on_a_day_and_not_prolonged_afterwards() -> None:
    posted = social_workers.given(HIRED, AT_YONGDING)
    over = social_workers.given(HIRED, AT_YONGDING, ENDED)

    posted.when(END).then(ENDED)
    posted.when(replace(END, ends_on=POSTED_ON - DAY)).then_refused(ENDS_BEFORE_IT_BEGINS)
    posted.when(replace(END, assignment_id="other")).then_refused(ASSIGNMENT_UNKNOWN)
    over.when(END).then_nothing()
    over.when(replace(END, ends_on=LATER)).then_refused(ENDED_ALREADY, field="ends_on")


def test_an_assignment_and_its_end_may_be_planned() -> None:
    planned = replace(ASSIGN, begins_on=LATER)

    social_workers.given(HIRED).when(planned, on=POSTED_ON).then(replace(AT_YONGDING, effective_on=LATER))
    social_workers.given(HIRED, AT_YONGDING).when(replace(END, ends_on=LATER), on=POSTED_ON).then(
        replace(ENDED, effective_on=LATER)
    )


# leaving


def test_who_leaves_ends_the_assignment_too_and_says_where_to() -> None:
    social_workers.given(HIRED, AT_YONGDING).when(LEAVE).then(ENDED, LEFT)
    social_workers.given(HIRED, AT_YONGDING, ENDED).when(LEAVE).then(LEFT)
    social_workers.given(HIRED, AT_YONGDING, ENDED, LEFT).when(LEAVE).then_nothing()


def test_nobody_leaves_before_being_hired_twice_or_with_an_assignment_still_to_come() -> None:
    planned = replace(AT_YONGDING, effective_on=LATER)

    social_workers.given().when(LEAVE).then_refused(NOT_EMPLOYED)
    social_workers.given(HIRED, LEFT).when(replace(LEAVE, left_on=LATER)).then_refused(LEFT_ALREADY)
    social_workers.given(HIRED).when(replace(LEAVE, left_on=HIRED_ON - DAY)).then_refused(LEFT_BEFORE_HIRED)
    social_workers.given(HIRED, planned).when(LEAVE).then_refused(ASSIGNED_LATER)


DAYS = st.integers(0, 30).map(lambda number: HIRED_ON + number * DAY)
COMMANDS = st.lists(
    st.one_of(
        st.builds(
            AssignWorker,
            person_id=st.just("fang"),
            assignment_id=st.sampled_from("abcdef"),
            station_id=st.just("yongding"),
            organisation_id=st.none(),
            basis=st.just("b"),
            begins_on=DAYS,
            ends_on=st.none() | DAYS,
        ),
        st.builds(
            EndAssignment, person_id=st.just("fang"), assignment_id=st.sampled_from("abcdef"), ends_on=DAYS
        ),
        DAYS.map(lambda day: replace(LEAVE, left_on=day)),
        DAYS.map(lambda day: replace(HIRE, hired_on=day)),
    ),
    max_size=12,
)


@given(COMMANDS)
def test_no_history_gives_anybody_two_main_assignments_on_one_day_or_one_without_employment(
    commands: list[object],
) -> None:
    history: list[object] = [HIRED]
    for command in commands:
        history += social_workers.given(*history).when(command).events
    worker: UnionSocialWorker = fold(union_social_worker, history)

    for number in range(35):
        day = HIRED_ON + number * DAY
        held = [each for each in worker.assignments if each.days.hold_on(day)]
        assert len(held) <= 1
        assert not held or worker.employed_within(Days(begins_on=day, ends_on=day))


# roles through an assignment

FANGS_LOGIN = LoginOpened(login_id="login-fang", person_id="fang", name="wangfang")
GRANT = GrantRole(login_id="login-fang", role="clerk", begins_on=POSTED_ON, assignment_id="first")
GRANTED = RoleGranted(
    login_id="login-fang",
    role="clerk",
    organisation_id="town-union",
    begins_on=POSTED_ON,
    ends_on=None,
    assignment_id="first",
)


def logins_beside(*history: object) -> Rules:
    """The rules of logins beside what was recorded of the worker."""
    above = {ORGANISATIONS_ABOVE: ["street-union", "town-union", "district-union"]}
    return Rules(login, others={(union_social_worker, "fang"): history}, facts=above)


def test_a_social_workers_role_is_granted_through_an_assignment_and_holds_at_its_union() -> None:
    posted = logins_beside(HIRED, AT_YONGDING).given(FANGS_LOGIN)

    posted.when(GRANT).then(GRANTED)
    posted.when(replace(GRANT, organisation_id="street-union")).then(
        replace(GRANTED, organisation_id="street-union")
    )
    posted.when(replace(GRANT, assignment_id=None)).then_refused(ASSIGNMENT_MISSING, field="assignment_id")
    posted.when(replace(GRANT, assignment_id="of-somebody-else")).then_refused(ASSIGNMENT_UNKNOWN)
    posted.when(replace(GRANT, begins_on=POSTED_ON - DAY)).then_refused(ROLE_OUTSIDE_ASSIGNMENT)


@pytest.mark.parametrize("above", [["hospital-union", "district-union"], None])
def test_a_social_workers_role_holds_at_the_assignments_union_or_below_it(above: list[str] | None) -> None:
    posted = replace(logins_beside(HIRED, AT_YONGDING), facts={ORGANISATIONS_ABOVE: above})

    posted.given(FANGS_LOGIN).when(replace(GRANT, organisation_id="hospital-union")).then_refused(
        ROLE_BESIDE_ASSIGNMENT, field="organisation_id"
    )


def test_a_role_without_an_assignment_ends_for_good_when_its_holder_is_hired() -> None:
    before = replace(GRANTED, begins_on=HIRED_ON - DAY, organisation_id=None, assignment_id=None)
    afterwards = replace(before, begins_on=LATER, role="auditor")
    state = fold(login, [FANGS_LOGIN, before, afterwards])
    nobody = fold(union_social_worker, [])
    employed = fold(union_social_worker, [HIRED, AT_YONGDING])
    gone = fold(union_social_worker, [HIRED, LEFT])

    assert state.roles_on(HIRED_ON, nobody) == [Place("clerk", None)]
    assert state.roles_on(HIRED_ON - DAY, employed) == [Place("clerk", None)]
    assert state.roles_on(HIRED_ON, employed) == []
    assert state.roles_on(LATER, gone) == [Place("auditor", None)]


def test_who_is_no_social_worker_gets_a_role_without_an_assignment() -> None:
    plain = replace(GRANT, assignment_id=None)
    granted = replace(GRANTED, organisation_id=None, assignment_id=None)

    logins_beside().given(FANGS_LOGIN).when(plain).then(granted)
    logins_beside(HIRED, LEFT).given(FANGS_LOGIN).when(replace(plain, begins_on=LATER)).then(
        replace(granted, begins_on=LATER)
    )


def test_a_role_holds_from_the_assignments_first_day_to_its_last() -> None:
    state = fold(login, [FANGS_LOGIN, GRANTED])
    during = fold(union_social_worker, [HIRED, AT_YONGDING])
    after = fold(union_social_worker, [HIRED, AT_YONGDING, ENDED])
    place = [Place("clerk", "town-union")]

    assert state.roles_on(POSTED_ON - DAY, during) == []
    assert state.roles_on(POSTED_ON, during) == state.roles_on(LATER, during) == place
    assert state.roles_on(ENDS_ON, after) == place
    assert state.roles_on(ENDS_ON + DAY, after) == []


def test_a_role_that_is_granted_for_fewer_days_is_withdrawn_first_so_that_tokens_end() -> None:
    granted = logins_beside(HIRED, AT_YONGDING).given(FANGS_LOGIN, GRANTED)
    shorter = replace(GRANT, ends_on=ENDS_ON)

    granted.when(shorter).then(
        RoleWithdrawn(login_id="login-fang", role="clerk", organisation_id="town-union"),
        replace(GRANTED, ends_on=ENDS_ON),
    )
    granted.when(GRANT).then_nothing()


@pytest.mark.parametrize("events", [(HIRED, AT_YONGDING), (HIRED, AT_YONGDING, ENDED, LEFT)])
def test_a_role_through_an_assignment_is_withdrawn_like_any_other(events: tuple[object, ...]) -> None:
    withdraw = WithdrawRole(login_id="login-fang", role="clerk", organisation_id="town-union")

    logins_beside(*events).given(FANGS_LOGIN, GRANTED).when(withdraw).then(
        RoleWithdrawn(login_id="login-fang", role="clerk", organisation_id="town-union")
    )
