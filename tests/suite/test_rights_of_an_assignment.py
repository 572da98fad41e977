"""A social worker's rights begin with an assignment, hold in its subtree, and end with it everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from nameko.standalone.rpc import ClusterRpcProxy

from demo.district import COURIERS, FEDERATION
from services.staffing.service import NO_ROLES, StaffingService, seconds_left_of_day
from shared.bus import embedded
from shared.log.envelope import HOUSE_TIME
from shared.runtime.calls import RefusedCall
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.together import Together
from shared.runtime.tokens import LIFE_SECONDS, Verifier
from tests.runtime.suite import await_true, calling, folder_of, person_given, suite_settings
from tests.suite.joining import found_district, joining

BUS = "embedded://assigned"
PASSWORD = "correct horse battery canary"
TODAY = datetime.now(HOUSE_TIME).date()
DAY = timedelta(days=1)
SERVICES = ("assistance", "membership", "reporting", "staffing")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    folder: Path = tmp_path_factory.mktemp("assigned")
    together = Together(
        {service: replace(each, bus_url=BUS) for service, each in suite_settings(folder).items()},
        ProcessSettings(),
    )
    together.start()
    await_true(lambda: together.reasons() == [])
    with calling(BUS, folder) as caller:
        found_district(caller)
    yield together
    assert together.stop(10)
    embedded.drop("assigned")


@pytest.fixture(scope="module")
def office(suite: Together) -> Iterator[Any]:
    """Whoever registers people and sets logins and the team up, for the whole district."""
    with calling(
        BUS, folder_of(suite), "personnel", "administrator", "auditor", "clerk", person_id="the-office"
    ) as proxy:
        yield proxy


@contextmanager
def calling_with(token: str | None) -> Iterator[Any]:
    data = {} if token is None else {"auth_token": token}
    with ClusterRpcProxy({"AMQP_URI": BUS}, context_data=data, timeout=10) as proxy:
        yield proxy


def code_of(call: Any, **given: Any) -> str:
    try:
        call(**given)
    except RefusedCall as refused:
        return refused.code
    return "accepted"


def made(answer: dict[str, Any]) -> str:
    (stream,) = answer["streams"]
    return str(stream).partition("/")[2]


def registered(office: Any, name: str) -> str:
    """The identity of the person with this login name, issued when they are first asked for."""
    answer = office.membership.identify_person(**person_given(crc32(name.encode()) % 100_000))
    return str(answer["person_id"])


def hired(office: Any, name: str) -> str:
    """Hire somebody and open their login with a password; the login's id."""
    person_id = registered(office, name)
    office.staffing.hire_worker(person_id=person_id, hiring_kind="graduate", basis="1", hired_on="2020-07-01")
    login_id = made(office.staffing.open_login(person_id=person_id, name=name))
    office.staffing.set_password(login_id=login_id, password=PASSWORD)
    return login_id


def assigned(office: Any, name: str, begins_on: date, **place: str) -> str:
    assignment_id = f"assignment-of-{name}"
    office.staffing.assign_worker(
        person_id=registered(office, name),
        assignment_id=assignment_id,
        basis="1",
        begins_on=begins_on.isoformat(),
        **place,
    )
    return assignment_id


def logged_in(name: str) -> str:
    with calling_with(None) as nobody:
        return str(nobody.staffing.log_in(name=name, password=PASSWORD)["token"])


@pytest.fixture(scope="module")
def station(office: Any) -> str:
    """A service station of the couriers' union."""
    return made(
        office.staffing.open_station(
            organisation_id=COURIERS, name="城子工会服务站", basis="1", opened_on="2009-05-01"
        )
    )


def test_a_station_stands_under_a_founded_union_and_the_headquarters_are_the_districts(office: Any) -> None:
    hired(office, "li-office")
    to_couriers = partial(assigned, office, "li-office", TODAY - DAY, organisation_id=COURIERS)
    station = {"name": "工会服务站", "basis": "1", "opened_on": "2009-05-01"}

    assert code_of(to_couriers) == "assignment.not_headquarters"
    assert code_of(office.staffing.open_station, organisation_id="never-founded", **station) == (
        "service_station.organisation_unknown"
    )
    assert assigned(office, "li-office", TODAY - DAY, organisation_id=FEDERATION)


def test_a_role_through_a_station_holds_in_its_union_and_not_beside_it(office: Any, station: str) -> None:
    login_id = hired(office, "li-station")
    assignment_id = assigned(office, "li-station", TODAY - DAY, station_id=station)
    refused = code_of(
        office.staffing.grant_role, login_id=login_id, role="clerk", begins_on=TODAY.isoformat()
    )
    given = {"login_id": login_id, "begins_on": TODAY.isoformat(), "assignment_id": assignment_id}
    above = code_of(office.staffing.grant_role, **given, role="clerk", organisation_id=FEDERATION)
    office.staffing.grant_role(**given, role="clerk")
    office.staffing.grant_role(**given, role="auditor", organisation_id=COURIERS)

    assert refused == "login.assignment_missing"
    assert above == "login.role_beside_assignment"
    with calling_with(logged_in("li-station")) as worker:
        beside, within = joining(1), joining(5)
        assert within["organisation_id"] == COURIERS != beside["organisation_id"]
        assert code_of(worker.membership.join_member, **beside) == "access.scope"
        assert code_of(worker.membership.join_member, **within) == "accepted"


def test_at_the_headquarters_a_role_holds_in_the_whole_tree(office: Any) -> None:
    login_id = hired(office, "li-headquarters")
    assignment_id = assigned(office, "li-headquarters", TODAY, organisation_id=FEDERATION)
    office.staffing.grant_role(
        login_id=login_id, role="clerk", begins_on=TODAY.isoformat(), assignment_id=assignment_id
    )

    with calling_with(logged_in("li-headquarters")) as worker:
        assert code_of(worker.membership.join_member, **joining(2)) == "accepted"


def test_before_the_assignments_first_day_there_is_no_right(office: Any, station: str) -> None:
    login_id = hired(office, "li-tomorrow")
    assignment_id = assigned(office, "li-tomorrow", TODAY + DAY, station_id=station)
    given = {"login_id": login_id, "role": "clerk", "assignment_id": assignment_id}

    early = code_of(office.staffing.grant_role, **given, begins_on=TODAY.isoformat())
    office.staffing.grant_role(**given, begins_on=(TODAY + DAY).isoformat())

    assert early == "login.role_outside_assignment"
    with calling_with(None) as nobody:
        assert code_of(nobody.staffing.log_in, name="li-tomorrow", password=PASSWORD) == NO_ROLES.code


@pytest.mark.parametrize("way", ["ended", "left"])
def test_with_the_assignment_the_rights_end_also_for_tokens_already_given_out(
    suite: Together, office: Any, station: str, way: str
) -> None:
    name = f"li-{way}"
    login_id = hired(office, name)
    person_id = registered(office, name)
    assignment_id = assigned(office, name, TODAY - 9 * DAY, station_id=station)
    given = {"login_id": login_id, "begins_on": TODAY.isoformat(), "assignment_id": assignment_id}
    office.staffing.grant_role(**given, role="auditor")
    with calling_with(logged_in(name)) as worker:
        faces = [getattr(worker, service) for service in SERVICES]
        assert {code_of(face.find_command, command_id="x") for face in faces} == {"accepted"}

        yesterday = (TODAY - DAY).isoformat()
        if way == "ended":
            office.staffing.end_assignment(
                person_id=person_id, assignment_id=assignment_id, ends_on=yesterday
            )
        else:
            office.staffing.leave_service(
                person_id=person_id,
                leaving_kind="resigned",
                destination="civil_service",
                basis="1",
                left_on=yesterday,
            )

        await_true(
            lambda: (
                {code_of(face.find_command, command_id="x") for face in faces} == {"access.token_refused"}
            ),
            20,
        )
    with calling_with(None) as nobody:
        assert code_of(nobody.staffing.log_in, name=name, password=PASSWORD) == NO_ROLES.code
    assert suite.houses[StaffingService].access_log.flush()
    rows = office.staffing.access_log(person_id=person_id, code="access.token_refused")["answer"]
    told = {(row["fault"], row["login_id"]) for row in rows}
    assert ("void", login_id) in told
    assert told <= {("void", login_id), ("", login_id)}  # of many in a minute only the number is kept


def test_on_the_assignments_last_day_a_token_lives_no_longer_than_the_day(
    suite: Together, office: Any, station: str
) -> None:
    login_id = hired(office, "li-last-day")
    assignment_id = assigned(office, "li-last-day", TODAY - DAY, station_id=station)
    office.staffing.grant_role(
        login_id=login_id, role="clerk", begins_on=TODAY.isoformat(), assignment_id=assignment_id
    )
    office.staffing.end_assignment(
        person_id=registered(office, "li-last-day"),
        assignment_id=assignment_id,
        ends_on=TODAY.isoformat(),
    )

    token = Verifier(suite.houses[StaffingService].settings).verify(logged_in("li-last-day"))

    midnight = datetime.combine(TODAY + DAY, datetime.min.time(), HOUSE_TIME).timestamp()
    assert token.expires_at <= midnight + 1


def test_what_is_left_of_the_day_is_counted_in_the_house() -> None:
    before_midnight = datetime(2024, 1, 1, 15, 59, 0, tzinfo=UTC)

    assert seconds_left_of_day(before_midnight) == 60 < LIFE_SECONDS
    assert seconds_left_of_day(before_midnight + timedelta(seconds=60)) == 86_400


def test_nobody_is_hired_or_given_a_login_whom_the_registry_does_not_know(office: Any) -> None:
    hiring = {"hiring_kind": "graduate", "basis": "1", "hired_on": "2020-07-01"}

    assert code_of(office.staffing.open_login, person_id="li", name="nobody") == "person.not_registered"
    assert code_of(office.staffing.hire_worker, person_id="li", **hiring) == "person.not_registered"


def test_who_is_no_social_worker_keeps_roles_without_an_assignment(office: Any) -> None:
    login_id = made(office.staffing.open_login(person_id=registered(office, "the-chair"), name="the-chair"))
    office.staffing.set_password(login_id=login_id, password=PASSWORD)
    office.staffing.grant_role(login_id=login_id, role="approver", begins_on=TODAY.isoformat())

    assert logged_in("the-chair")


def test_who_is_assigned_on_a_day_is_told_within_the_callers_subtree(
    suite: Together, office: Any, station: str
) -> None:
    hired(office, "li-counted")
    assigned(office, "li-counted", TODAY, station_id=station)
    counted, elsewhere = registered(office, "li-counted"), registered(office, "li-headquarters")
    on = TODAY.isoformat()

    def assigned_to(**given: Any) -> set[str]:
        answer = office.staffing.workers_assigned(on=on, **given)["answer"]
        return {row["person_id"] for row in answer}

    await_true(lambda: counted in assigned_to())
    assert counted in assigned_to(organisation_id=COURIERS)
    assert elsewhere not in assigned_to(organisation_id=COURIERS)
    with calling(BUS, folder_of(suite), "personnel", scope=COURIERS) as of_union:
        told = of_union.staffing.workers_assigned(on=on)["answer"]
        assert {row["organisation_id"] for row in told} == {COURIERS}
