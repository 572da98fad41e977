"""What the tests of the whole suite do: a district is founded, members join, and they are counted."""

from typing import Any

from demo.district import join, organisations, parameters, union_of
from demo.people import person
from demo.typed import typed
from shared.runtime.calls import RefusedCall
from tests.runtime.suite import await_true


def found_district(caller: Any) -> None:
    """Set the parameters and found the federation with its unions."""
    for method, commands in (
        (caller.membership.set_parameter_many, parameters()),
        (caller.membership.found_organisation_many, organisations()),
    ):
        answers = method(rows=[typed(each) for each in commands])
        assert not any("refused" in answer for answer in answers)


def joining(index: int) -> dict[str, Any]:
    """What a clerk types when the person of an index joins; sent again it is the same command."""
    command = join(person(index), "", "", union_of(index))
    return typed(command, "person_id", "member_id") | {"command_id": f"joining-{index}"}


def counted(caller: Any, answer: dict[str, Any], seconds_max: float = 20) -> int:
    """How many members reporting has counted once it knows what an answer told."""
    at_least = {name: answer[name] for name in ("source", "epoch", "position")}
    found: list[dict[str, Any]] = []

    def is_known() -> bool:
        try:
            found.append(caller.reporting.member_count(at_least=at_least))
        except RefusedCall as refused:
            if refused.code != "query.not_yet":
                raise
        return bool(found)

    await_true(is_known, seconds_max)
    assert found[0]["complete"] is True
    assert found[0]["known"]["membership"] >= answer["position"]
    members: int = found[0]["answer"]["members"]
    return members
