"""What becomes of the rows of an organisation tree: foundings from above to below, whatever their order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.district import FEDERATION, FEDERATION_NAME, credit_code
from services.membership.imports.organisation_columns import ORGANISATIONS, READS, parents_within
from shared.runtime.calls import RefusedCall
from tests.imports.office import MACHINERY, MACHINERY_ID, Office, row_of, union_row, words

TOWN = union_row("永定镇总工会", kind="总工会", level="街道")
WORKS = union_row("永定建材厂工会", parent="永定镇总工会")
SHOP = union_row("一车间分工会", kind="分工会", level="8", parent="永定镇总工会/永定建材厂工会")


def test_a_tree_is_founded_from_above_to_below_whatever_the_order_of_rows(office: Office) -> None:
    first = office.organisations([SHOP, WORKS, TOWN])
    recorded = office.position
    second = office.organisations([TOWN, SHOP, WORKS])

    assert words(first) == ["new"] * 3
    assert words(second) == ["unchanged"] * 3
    assert office.position == recorded


CODE = str(credit_code(700))


@pytest.mark.parametrize(
    "change",
    [{"name": "新名工会"}, {"credit_code": str(credit_code(701))}, {"basis": "门工组〔2011〕2号"}],
    ids=lambda change: next(iter(change)),
)
def test_a_corrected_row_changes_the_organisation_and_the_same_row_again_nothing(
    office: Office, change: dict[str, str]
) -> None:
    row = union_row("旧名工会", number="MTG-0700")
    office.organisations([row])

    tried = office.organisations([row | change], as_of="2020-01-01", dry_run=True)
    first = office.organisations([row | change], as_of="2020-01-01")
    again = office.organisations([row | change], as_of="2020-02-01")
    back = office.organisations([row | {"credit_code": CODE}], as_of="2020-03-01")

    assert (words(tried), words(first), words(again)) == (["changed"], ["changed"], ["unchanged"])
    assert words(back) == ["changed"]


def test_an_organisation_is_found_by_its_new_name(office: Office) -> None:
    office.organisations([union_row("曾用名工会", number="MTG-0800")])
    office.organisations([union_row("现用名工会", number="MTG-0800")], as_of="2020-01-01")

    (answer,) = office.members([row_of(3, organisation="现用名工会")])

    assert answer["row"] == "new"


def test_an_import_moves_no_organisation(small_office: Office) -> None:
    small_office.organisations([TOWN, row := union_row("不动工会", number="MTG-0900")])

    moved = small_office.organisations([row | {"parent": "永定镇总工会"}])

    assert words(moved) == ["import.organisation_differs@parent"]


def test_who_may_not_found_beside_an_organisation_may_not_change_it(small_office: Office) -> None:
    given = {"organisation_id": MACHINERY_ID, "changed_on": "2020-01-01", "basis": "别的"}

    with pytest.raises(RefusedCall, match=r"access\.scope"):
        small_office.call("change_organisation", scope=MACHINERY_ID, **given)


def test_a_dry_run_of_a_tree_records_nothing(office: Office) -> None:
    before = office.position

    tried = office.organisations([SHOP, WORKS, TOWN, union_row("甲", level="3")], dry_run=True)

    assert words(tried) == ["new"] * 3 + ["organisation.level_under_parent@level"]
    assert office.position == before


def test_members_come_into_unions_that_have_just_come_in(office: Office) -> None:
    office.organisations([TOWN, WORKS])

    answers = office.members([row_of(0, organisation="永定建材厂工会", joined_on="2015-01-01")])

    assert words(answers) == ["new"]


def test_a_clerk_of_a_subtree_founds_below_it_only(office: Office) -> None:
    own = union_row("二车间分工会", kind="分工会", level="8", parent=MACHINERY)
    below = union_row("甲班小组", kind="小组", level="9", parent="二车间分工会")

    answers = office.organisations([below, own, WORKS | {"parent": FEDERATION_NAME}], scope=MACHINERY_ID)

    assert words(answers) == ["new", "new", "access.scope@parent"]


@pytest.mark.parametrize("parent", [FEDERATION, FEDERATION_NAME, str(credit_code(1))])
def test_a_parent_is_named_by_number_name_or_credit_code(small_office: Office, parent: str) -> None:
    (answer,) = small_office.organisations([union_row(f"某{len(parent)}工会", parent=parent)])

    assert words([answer]) == ["new"]


def test_the_number_of_a_row_becomes_the_organisations_identity(small_office: Office) -> None:
    small_office.organisations([union_row("有号工会", number="MTG-0007")])

    with small_office.house.store.read() as connection:
        (state,) = small_office.house.log.states(connection, ["organisation/MTG-0007"]).values()

    assert state.founding.name == "有号工会"


@pytest.mark.parametrize(
    ("typed", "level"),
    [("盟", 3), ("旗", 4), ("镇", 5), ("乡", 5), ("苏木", 5), ("开发区", 5), ("社区", 6), ("嘎查", 6)],
)
def test_a_level_is_typed_by_what_the_place_is_called_there(typed: str, level: int) -> None:
    assert READS["level"](typed) == level


def test_a_federation_of_a_trade_is_a_federation_of_basic_unions() -> None:
    assert READS["kind"]("行业工会联合会") == "basic_union_federation"


WRONG_ROWS = {
    "no name": (union_row(""), "import.cell_missing@name"),
    "no level": (union_row("甲", level=""), "import.cell_missing@level"),
    "a kind that there is not": (union_row("甲", kind="协会"), "cell.not_one_of@kind"),
    "a wrong credit code": (
        union_row("甲", credit_code="81110109MC0000004B"),
        "credit_code.check_digit@credit_code",
    ),
    "a parent that nobody knows": (union_row("甲", parent="没有"), "import.organisation_not_found@parent"),
    "no parent": (union_row("甲", parent=""), "organisation.parent_missing@parent"),
    "a day before the parent's": (
        union_row("甲", founded_on="1970-01-01"),
        "organisation.before_parent@founded_on",
    ),
    "another kind than recorded": (
        union_row(MACHINERY, founded_on="2002-05-01", kind="联合基层工会"),
        "import.organisation_differs@kind",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_ROWS)
def test_a_wrong_row_is_told_with_its_column(small_office: Office, wrong: str) -> None:
    row, told = WRONG_ROWS[wrong]

    assert words(small_office.organisations([row])) == [told]
    assert words(small_office.organisations([row], dry_run=True)) == [told]


def test_rows_that_stand_above_each_other_are_refused(small_office: Office) -> None:
    rows = [union_row("甲方", parent="乙方"), union_row("乙方", parent="甲方")]

    assert words(small_office.organisations(rows)) == ["import.organisations_in_a_circle@parent"] * 2


def test_what_stands_under_a_refused_row_is_refused_too(small_office: Office) -> None:
    rows = [union_row("丙方", level="x"), union_row("丁方", kind="分工会", level="8", parent="丙方")]

    assert words(small_office.organisations(rows)) == ["cell.not_one_of@level", "import.above_refused@parent"]


def test_a_second_row_about_the_same_organisation_is_refused(small_office: Office) -> None:
    answers = small_office.organisations([union_row("戊方"), union_row("戊方", basis="别的")])

    assert words(answers) == ["new", "import.repeated_row@name"]


NAMES = st.sampled_from(["甲", "乙", "丙", "甲/乙", "", FEDERATION_NAME, "/", "7"])
CELLS = st.one_of(NAMES, st.text(max_size=10), st.sampled_from(["8", "基层工会", "总工会", "2010-05-01"]))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from([each.field for each in ORGANISATIONS.columns]), CELLS), max_size=5
    )
)
def test_any_tree_gives_a_result_for_each_row_and_no_internal_error(
    small_office: Office, rows: list[dict[str, str]]
) -> None:
    assert len(parents_within(rows)) == len(rows)
    for given_rows in (rows, [union_row("甲") | row for row in rows]):
        answers = small_office.organisations(given_rows, dry_run=True)

        assert len(answers) == len(given_rows)
        assert "internal" not in str(answers)
