"""A membership's row tells what is known of the member now."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from services.reporting.projections.memberships import member_changed
from tests.rules.membership.people_and_unions import member_changed as changed

ROW = {
    "member_id": "1",
    "migrant_worker": True,
    "occupation_group": "courier",
    "retired_on": None,
    "position": 7,
    "positions": "7",
}
ENVELOPE: Any = SimpleNamespace(position=9)


def after(**what: Any) -> dict[str, Any]:
    """The row after a change, which stands at position 9."""
    return member_changed(dict(ROW), changed("1", **what), ENVELOPE)


def test_what_has_changed_is_taken_over_and_all_else_stays() -> None:
    assert after(occupation_group="none") == ROW | {"occupation_group": "none", "positions": "7,9"}
    assert after(migrant_worker=False) == ROW | {"migrant_worker": False, "positions": "7,9"}
    assert after(employment_status="sick_leave") == ROW | {"positions": "7,9"}


def test_who_retires_keeps_the_membership_from_that_day_on() -> None:
    assert after(employment_status="retired")["retired_on"] == changed("1").effective_on


def test_what_is_recorded_as_of_a_later_day_leaves_a_retirement_where_it_is() -> None:
    retired = after(employment_status="retired")
    back = changed("1", employment_status="on_post", effective_on=date(2022, 1, 1))

    assert member_changed(dict(retired), back, ENVELOPE)["retired_on"] == changed("1").effective_on


def test_a_retirement_recorded_in_error_is_corrected_as_of_its_own_day() -> None:
    retired = after(employment_status="retired")

    assert member_changed(retired, changed("1", employment_status="on_post"), ENVELOPE)["retired_on"] is None
