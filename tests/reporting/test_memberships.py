"""A membership's row tells what is known of the member now."""

from types import SimpleNamespace
from typing import Any

from services.reporting.projections.memberships import member_changed
from tests.rules.membership.people_and_unions import member_changed as changed

ROW = {
    "member_id": "1",
    "migrant_worker": True,
    "occupation_group": "courier",
    "position": 7,
    "positions": "7",
}


def after(**what: Any) -> dict[str, Any]:
    """The row after a change, which stands at position 9."""
    envelope: Any = SimpleNamespace(position=9)
    return member_changed(dict(ROW), changed("1", **what), envelope)


def test_what_has_changed_is_taken_over_and_all_else_stays() -> None:
    assert after(occupation_group="none") == ROW | {"occupation_group": "none", "positions": "7,9"}
    assert after(migrant_worker=False) == ROW | {"migrant_worker": False, "positions": "7,9"}
    assert after(employment_status="retired") == ROW
