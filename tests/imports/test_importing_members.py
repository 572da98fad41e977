"""What becomes of a roster's rows: members, changes of members, or a sentence for each that is refused."""

from typing import Any

import eventlet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.people import person
from services.membership.aggregates.member import Member
from services.membership.imports.member_columns import MEMBERS
from services.membership.service import MembershipService
from shared.runtime.local import Local
from tests.imports.office import FEDERATION, HOSPITAL, MACHINERY, MACHINERY_ID, Office, row_of, words
from tests.runtime.suite import token_of

ROSTER = [row_of(index) for index in range(5)]


def state_of(office: Office, index: int) -> Member:
    """What is recorded of the member with an index."""
    number = person(index).identity_number
    log = office.house.log
    with office.house.store.read() as connection:
        person_id = log.vault.find_many(connection, "identity_number", [number])[number]
        held = log.holders(connection, [f"membership/{person_id}"])
        (member,) = log.states(connection, list(held.values())).values()
    assert isinstance(member, Member)
    return member


def test_rows_become_members_and_again_change_nothing(office: Office) -> None:
    first = office.members(ROSTER)
    recorded = office.position
    second = office.members(ROSTER)

    assert words(first) == ["new"] * 5
    assert words(second) == ["unchanged"] * 5
    assert office.position == recorded


def test_whose_recorded_values_are_compared_with_a_roster_is_in_the_access_log(office: Office) -> None:
    office.members(ROSTER[:2])
    nobody = looks(office)
    office.members([ROSTER[0], row_of(1, mobile=""), ROSTER[2]], dry_run=True)
    of_two = looks(office)
    office.call("import_members", rows=[row_of(0, organisation=HOSPITAL)])

    assert nobody == []
    assert of_two == [
        (state_of(office, 0).person_id, ["mobile", "name"]),
        (state_of(office, 1).person_id, ["name"]),
    ]
    assert looks(office) == of_two


def looks(office: Office) -> list[tuple[str, list[str]]]:
    auditor = Local(MembershipService, office.house, token_of(office.folder, "auditor"))
    answer = auditor.call("access_log", method="import_members", code="looked")["answer"]
    return [(each["about_id"], each["fields"]) for each in answer]


def test_a_dry_run_says_what_would_become_of_rows_and_records_nothing(office: Office) -> None:
    office.members(ROSTER[:2])
    before = office.position
    rows = [ROSTER[0], row_of(1, mobile="19911111111"), ROSTER[2], row_of(3, joined_on="1990-01-01")]

    tried = office.members(rows, dry_run=True)

    assert office.position == before
    assert words(tried) == ["unchanged", "changed", "new", "member.before_founding@joined_on"]
    assert words(office.members(rows)) == words(tried)


def test_what_differs_is_changed_and_nothing_else(office: Office) -> None:
    office.members(ROSTER)
    before = office.position

    changed = office.members(
        [
            row_of(0, mobile="19922222222"),
            row_of(1, employment_status="退休", occupation_group="快递员"),
            row_of(2, name="张更名"),
            row_of(3, migrant_worker="是", mobile=""),
            row_of(4, consent_version="2025-1"),
        ]
    )

    assert words(changed) == ["changed"] * 5
    assert office.position == before + 5
    assert state_of(office, 4).consent_version == "2025-1"
    assert state_of(office, 1).employment_status == "retired"
    assert state_of(office, 1).occupation_group == "courier"
    assert state_of(office, 3).migrant_worker is True
    with office.house.store.read() as connection:
        values = [state_of(office, 0).mobile, state_of(office, 2).name, state_of(office, 3).mobile]
        clear = office.house.log.vault.open_many(connection, values)
    assert clear == ["19922222222", "张更名", str(person(3).mobile)]


def test_another_type_of_document_is_refused_and_the_recorded_one_is_not(office: Office) -> None:
    office.members([ROSTER[0]])

    answers = [office.members([row_of(0, document_type=each)]) for each in ("居民身份证", "港澳居民居住证")]

    assert [words(each) for each in answers] == [
        ["unchanged"],
        ["import.document_type_differs@document_type"],
    ]


def test_a_registered_person_joins_without_a_second_registration(office: Office) -> None:
    someone = person(0)
    found = office.call(
        "identify_person",
        document_type="resident_identity_card",
        identity_number=str(someone.identity_number),
        name=str(someone.name),
    )

    assert words(office.members([ROSTER[0]])) == ["new"]
    assert state_of(office, 0).person_id == found["person_id"]


def test_another_union_is_a_transfer_and_refused_with_a_sentence(office: Office) -> None:
    office.members([ROSTER[0]])

    (answer,) = office.members([row_of(0, organisation=HOSPITAL)])

    assert words([answer]) == ["member.transfer_needed@organisation"]
    assert "会籍接转" in answer["refused"]["zh"]


def test_a_clerk_imports_only_into_the_own_subtree(office: Office) -> None:
    rows = [row_of(0), row_of(1, organisation=HOSPITAL)]

    answers = office.members(rows, scope=MACHINERY_ID)

    assert words(answers) == ["new", "access.scope@organisation"]


def test_nothing_personal_stands_in_the_log_in_the_clear(office: Office) -> None:
    office.members(ROSTER)
    office.members([row_of(0, name="张更名", mobile="19922222222")])

    with office.house.store.read() as connection:
        told = "".join(
            str(row)
            for table in ("events", "commands")
            for row in connection.exec_driver_sql(f"SELECT public FROM {table}")
        )
    for text in (
        "张更名",
        "19922222222",
        *(ROSTER[0][name] for name in ("identity_number", "mobile", "name")),
    ):
        assert text not in told


def test_an_import_that_was_interrupted_goes_on_where_it_was(office: Office) -> None:
    office.members(ROSTER[:3])

    assert words(office.members(ROSTER)) == ["unchanged"] * 3 + ["new"] * 2


WRONG_CELLS: dict[str, tuple[dict[str, str], str]] = {
    "a wrong check digit": (
        {"identity_number": "110105194912310021"},
        "identity_number.check_digit@identity_number",
    ),
    "a number that lost its last digits": (
        {"identity_number": "1.10105194912310e+17"},
        "identity_number.precision_lost@identity_number",
    ),
    "a number with zeros at its end": (
        {"identity_number": "110105194912310000"},
        "identity_number.precision_lost@identity_number",
    ),
    "a birth date that never was": (
        {"identity_number": "11010519490230002X"},
        "identity_number.date@identity_number",
    ),
    "no number": ({"identity_number": ""}, "import.cell_missing@identity_number"),
    "a passport's number": (
        {"identity_number": "E12345678"},
        "identity_number.other_document@identity_number",
    ),
    "the other sex": ({"sex": "女"}, "import.sex_differs@sex"),
    "another birth date": ({"birth_date": "1990-01-01"}, "import.birth_date_differs@birth_date"),
    "an impossible day": ({"joined_on": "2024-02-30"}, "date.does_not_exist@joined_on"),
    "a day to come": ({"joined_on": "2099-01-01"}, "event.effective_later@joined_on"),
    "a day before the founding": ({"joined_on": "2001-01-01"}, "member.before_founding@joined_on"),
    "no mobile number": ({"mobile": ""}, "import.cell_missing@mobile"),
    "a mobile number too short": ({"mobile": "1391234"}, "mobile.form@mobile"),
    "a word that no status has": ({"employment_status": "在家"}, "cell.not_one_of@employment_status"),
    "neither yes nor no": ({"migrant_worker": "也许"}, "cell.yes_or_no@migrant_worker"),
    "a union that nobody knows": (
        {"organisation": "没有的工会"},
        "import.organisation_not_found@organisation",
    ),
    "a union without members": ({"organisation": FEDERATION}, "member.no_members_here@organisation"),
    "a line break in a name": ({"name": "张\n明"}, "text.control_character@name"),
    "two wrong cells": ({"mobile": "1", "joined_on": "x"}, "date.form@joined_on mobile.form@mobile"),
}


@pytest.mark.parametrize("wrong", WRONG_CELLS)
def test_a_wrong_cell_is_told_with_its_column(small_office: Office, wrong: str) -> None:
    changes, told = WRONG_CELLS[wrong]

    (tried,) = small_office.members([row_of(100, **changes)], dry_run=True)
    (answer,) = small_office.members([row_of(100, **changes)])

    assert words([answer]) == [told]
    assert words([tried]) == [told]
    assert all(each["zh"] for each in answer["refused"].get("problems") or [answer["refused"]])


def test_a_second_row_about_the_same_person_is_refused(small_office: Office) -> None:
    answers = small_office.members([row_of(200), row_of(201), row_of(200, mobile="19933333333")])

    assert words(answers) == ["new", "new", "import.repeated_row@identity_number"]


@pytest.mark.parametrize(
    "reference",
    [MACHINERY_ID, f"门头沟区总工会/{MACHINERY}", f"门头沟区总工会 > {MACHINERY}", "81110109MC0000020U"],
)
def test_a_union_is_named_by_number_path_or_credit_code(small_office: Office, reference: str) -> None:
    from demo.district import credit_code

    reference = str(credit_code(2)) if reference.startswith("8111") else reference
    index = 300 + len(reference)

    assert words(small_office.members([row_of(index, organisation=reference)], dry_run=True)) == ["new"]


def test_an_older_roster_does_not_undo_later_changes(small_office: Office) -> None:
    small_office.members([row_of(400)])
    small_office.members([row_of(400, mobile="19944444444")], as_of="2025-06-01")

    answers = small_office.members([row_of(400)], as_of="2025-05-01")

    assert words(answers) == ["member.changed_since@None"]


CELLS = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(), max_size=300),
    st.sampled_from(["", " ", "是", "在岗", "2024-03-01", "45352", "=1+1", "\ud800", "\x00", "/", MACHINERY]),
    st.sampled_from([text for index in range(3) for text in row_of(index).values()]),
)
FIELDS = [column.field for column in MEMBERS.columns]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.sampled_from([*FIELDS, "备注"]), CELLS), max_size=4))
def test_any_content_of_a_sheet_gives_a_result_for_each_row_and_no_internal_error(
    small_office: Office, rows: list[dict[str, Any]]
) -> None:
    for dry_run in (True, False):
        answers = small_office.members(rows, dry_run=dry_run)

        assert len(answers) == len(rows)
        for each in answers:
            assert each["row"] in ("new", "changed", "unchanged", "refused")
            assert "internal" not in str(each)


def test_two_imports_of_one_roster_at_once_record_each_member_once(office: Office) -> None:
    office.follow()
    running = [eventlet.spawn(office.members, ROSTER) for _ in range(3)]
    became = [words(each.wait()) for each in running]

    assert {word for each in became for word in each} == {"new", "unchanged"}
    with office.house.store.read() as connection:
        count = "SELECT count(*) FROM events WHERE type = '{}'"
        for kind in ("PersonRegistered", "MemberJoined"):
            assert connection.exec_driver_sql(count.format(kind)).scalar() == len(ROSTER)
