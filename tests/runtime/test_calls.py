"""Callers with plain nameko get answers and refusals, for one command or many, and nothing internal."""

import logging
from typing import Any

import kombu
import pytest
from nameko import exceptions
from nameko.exceptions import RemoteError
from nameko.rpc import get_rpc_exchange

from demo.people import person
from services.membership.aggregates.person import ALREADY_REGISTERED
from services.membership.service import MembershipService
from shared.runtime.calls import RefusedCall
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, folder_of, person_given

CANARY = "110109199001011234"
ON_A_DOCUMENT = {
    "region": "CN",
    "effective_from": "2026-01-01",
    "document_no": "样本〔2026〕1号",
    "sureness": "sample",
}


def refusal_of(call: Any, **given: Any) -> RefusedCall:
    """What a call that has to be refused is told."""
    with pytest.raises(RefusedCall) as refused:
        call(**given)
    return refused.value


def person_of(answer: dict[str, Any]) -> str:
    (stream,) = answer["streams"]
    return str(stream).removeprefix("person/")


# commands


def test_a_person_is_registered_by_number_and_name_alone(caller: Any) -> None:
    answer = caller.membership.register_person(**person_given(1), command_id="registering-1")

    assert answer["command_id"] == "registering-1"
    assert answer["repeated"] is False
    (recorded,) = caller.membership.events_after(position=answer["position"] - 1, limit=1)["events"]
    assert '"sex":"female"' in recorded[0]
    assert f'"birth_year":{person(1).born_on.year}' in recorded[0]
    assert '"actor_id":"wang"' in recorded[0]


def test_the_same_command_again_gets_its_first_answer_also_where_the_house_mints_the_identity(
    caller: Any,
) -> None:
    first = caller.membership.register_person(**person_given(2), command_id="registering-2")

    again = caller.membership.register_person(**person_given(2), command_id="registering-2")

    assert again == first | {"repeated": True}


def test_a_caller_whose_answer_was_lost_finds_it_by_the_commands_id(caller: Any) -> None:
    first = caller.membership.register_person(**person_given(3), command_id="registering-3")

    assert caller.membership.find_command(command_id="registering-3") == first
    assert caller.membership.find_command(command_id="never-sent") is None


def test_only_the_auditor_finds_what_became_of_anothers_command(
    caller: Any, suite: Together, bus_url: str
) -> None:
    first = caller.membership.register_person(**person_given(58), command_id="registering-8")

    found = {}
    for person_id, role in (("wang", "clerk"), ("li", "clerk"), ("li", "auditor")):
        with calling(bus_url, folder_of(suite), role, person_id=person_id) as proxy:
            found[person_id, role] = proxy.membership.find_command(command_id="registering-8")

    assert found == {("wang", "clerk"): first, ("li", "clerk"): None, ("li", "auditor"): first}


def test_a_refusal_arrives_with_its_code_and_both_sentences(caller: Any) -> None:
    caller.membership.register_person(**person_given(4))

    refused = refusal_of(caller.membership.register_person, **person_given(4))

    assert refused.code == ALREADY_REGISTERED.code
    assert (refused.zh, refused.en) == (ALREADY_REGISTERED.zh, ALREADY_REGISTERED.en)


def test_a_caller_without_this_package_reads_the_refusal_in_the_error_s_value(
    caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exceptions, "registry", {})

    with pytest.raises(RemoteError) as refused:
        caller.membership.register_person(**person_given(5) | {"name": ""})

    assert refused.value.exc_type == "RefusedCall"
    assert refused.value.value["code"] == "input.invalid"
    assert [problem["field"] for problem in refused.value.value["problems"]] == ["name"]


def test_the_registry_alone_chooses_who_somebody_is(caller: Any) -> None:
    refused = refusal_of(caller.membership.register_person, **person_given(59), person_id="chosen")
    answer = caller.membership.register_person(**person_given(59))

    assert [(each["code"], each["field"]) for each in refused.problems] == [("field.unknown", "person_id")]
    assert caller.membership.identify_person(**person_given(59)) == {"person_id": person_of(answer)}


@pytest.mark.parametrize(
    ("service", "key", "value", "unit"),
    [
        ("membership", "member.joining_age_years", 16, "years"),
        ("assistance", "aid_grant.minutes_over_fen", 10_000_00, "fen"),
    ],
)
def test_a_service_keeps_dated_parameters_and_shows_its_log(
    caller: Any, service: str, key: str, value: int, unit: str
) -> None:
    face = getattr(caller, service)
    answer = face.set_parameter(key=key, value=value, unit=unit, **ON_A_DOCUMENT)

    assert face.log_head()["position"] == answer["position"]
    page = face.events_after(position=0, limit=1000)
    assert page["head"]["root"] == face.log_head()["root"]
    assert len(page["events"]) == answer["position"]


@pytest.mark.parametrize("service", ["assistance", "membership"])
def test_no_service_keeps_a_parameter_beside_those_that_its_rules_ask_for(caller: Any, service: str) -> None:
    set_parameter = getattr(caller, service).set_parameter

    refused = refusal_of(set_parameter, key="sample.limit_fen", value=1, unit="fen", **ON_A_DOCUMENT)

    assert (refused.code, refused.field) == ("parameter.unknown", "key")


# input


def test_unknown_fields_are_refused_and_all_that_is_wrong_is_told_at_once(caller: Any) -> None:
    refused = refusal_of(
        caller.membership.register_person, document_type="passport", colour="red", identity_number="E12345678"
    )

    assert {(problem["field"], problem["code"]) for problem in refused.problems} == {
        ("colour", "field.unknown"),
        ("document_type", "field.not_one_of"),
        ("identity_number", "identity_number.other_document"),
        ("name", "field.missing"),
    }


def test_what_the_edge_takes_from_the_number_cannot_be_sent(caller: Any) -> None:
    refused = refusal_of(caller.membership.register_person, **person_given(6), sex="male")

    assert [problem["code"] for problem in refused.problems] == ["field.unknown"]


def test_arguments_without_names_and_unknown_methods_are_refused(caller: Any) -> None:
    with pytest.raises(RefusedCall, match=r"call\.malformed"):
        caller.membership.register_person("王芳")
    assert refusal_of(caller.membership.drop_everything).code == "call.unknown_method"
    assert refusal_of(caller.membership.log_head, limit=1).code == "input.invalid"


def test_ids_of_reactions_cannot_be_used_by_callers(caller: Any) -> None:
    refused = refusal_of(
        caller.membership.register_person, **person_given(7), command_id="reaction/billing/1/2/3"
    )

    assert [problem["code"] for problem in refused.problems] == ["field.identity"]


# many


def test_of_many_rows_each_gets_its_own_answer_or_refusal_in_turn(caller: Any) -> None:
    rows = [person_given(20), person_given(20), person_given(21) | {"colour": "red"}, 7, person_given(22)]

    answers = caller.membership.register_person_many(rows=rows)

    assert ["refused" in answer for answer in answers] == [False, True, True, True, False]
    assert [answer["refused"]["code"] for answer in answers[1:4]] == [
        "person.already_registered",
        "input.invalid",
        "input.invalid",
    ]
    assert answers[4]["position"] == answers[0]["position"] + 1


def test_more_than_a_thousand_rows_are_refused_as_a_whole(caller: Any) -> None:
    refused = refusal_of(caller.membership.register_person_many, rows=[{}] * 1_001)

    assert (refused.code, refused.field) == ("call.too_many_rows", "rows")
    assert caller.membership.register_person_many(rows=[]) == []


# errors


def test_an_internal_error_leaks_nothing_but_a_reference(
    suite: Together, caller: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(*_: Any) -> None:
        raise KeyError(CANARY, {"identity_number": CANARY})

    monkeypatch.setattr(suite.houses[MembershipService], "handle_many", fail)

    refused = refusal_of(caller.membership.register_person, **person_given(30))
    monkeypatch.undo()

    assert refused.code == "internal"
    assert CANARY not in repr(refused.args)
    assert CANARY not in caplog.text
    reference = refused.en.rpartition(" ")[2]
    assert f"internal error {reference}" in caplog.text


def test_an_error_in_a_row_leaks_nothing_either(
    suite: Together, caller: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        suite.houses[MembershipService],
        "handle_many",
        lambda requests: [ValueError(CANARY) for _ in requests],
    )

    (answer,) = caller.membership.register_person_many(rows=[person_given(31)])
    monkeypatch.undo()

    assert answer["refused"]["code"] == "internal"
    assert CANARY not in repr(answer)
    assert CANARY not in caplog.text


def test_no_message_however_malformed_ends_a_service_or_is_shown_in_the_log(
    caller: Any, bus_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given: dict[str, Any] = {"args": [], "kwargs": {}}
    with kombu.Connection(bus_url) as connection:
        producer = kombu.Producer(connection, get_rpc_exchange({}), routing_key="membership.log_head")
        producer.publish(CANARY + "{", content_type="application/json", content_encoding="utf-8")
        producer.publish(CANARY, content_type="application/x-python-serialize", content_encoding="utf-8")
        producer.publish({"args": CANARY}, reply_to="nobody")
        producer.publish([CANARY], reply_to="nobody")
        producer.publish(given)
        producer.publish(given, reply_to="nobody", headers={"nameko.call_id_stack": [1]})
        producer.publish(given, reply_to="nobody", headers={"nameko.auth_token": 7})

    await_true(lambda: caplog.text.count("that is not JSON") == 2)
    assert caller.membership.log_head()["epoch"] == 1
    assert CANARY not in caplog.text


def test_an_object_like_the_bus_library_s_own_types_is_an_argument_like_any_other(caller: Any) -> None:
    alike = {"__type__": "unknown", "__value__": 1}

    refused = refusal_of(caller.membership.register_person, **person_given(32) | {"name": alike})

    assert [problem["field"] for problem in refused.problems] == ["name"]


# persons


def test_a_person_is_identified_by_number_and_registered_where_unknown(caller: Any) -> None:
    first = caller.membership.identify_person(**person_given(40))
    again = caller.membership.identify_person(**person_given(40) | {"name": "王小芳"})
    registered = caller.membership.register_person(**person_given(41))

    assert again == first
    assert caller.membership.identify_person(**person_given(41))["person_id"] == person_of(registered)


def test_of_two_who_identify_the_same_person_at_once_both_get_the_same(
    suite: Together, caller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is quicker between this one's look and its registration."""
    house = suite.houses[MembershipService]
    handle_many = house.handle_many
    quicker: list[Any] = []

    def overtaken(requests: Any) -> Any:
        if not quicker:
            quicker.append(None)
            quicker[0] = caller_of_its_own.membership.identify_person(**person_given(42))
        return handle_many(requests)

    monkeypatch.setattr(house, "handle_many", overtaken)
    with calling(house.settings.bus_url, folder_of(suite)) as caller_of_its_own:
        found = caller.membership.identify_person(**person_given(42))

    assert [found] == quicker
