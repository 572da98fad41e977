"""A message that comes twice, as after a lost acknowledgement or when somebody sends it again, acts once."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import kombu
import pytest
from nameko.rpc import get_rpc_exchange

from demo.people import person
from shared.runtime.together import Together
from tests.runtime.suite import await_true, folder_of, token_of

Answers = list[dict[str, Any]]


class Sender:
    """Publishes requests as an AMQP client does, one as often as wanted, and hears what is answered."""

    def __init__(self, bus_url: str, suite: Together) -> None:
        self._connection = kombu.Connection(bus_url)
        self._channel = self._connection.channel()
        self._folder = folder_of(suite)
        self._queue = kombu.Queue(
            f"rpc.reply-{uuid4()}",
            get_rpc_exchange({}),
            str(uuid4()),
            auto_delete=True,
            channel=self._channel,
        )
        self._queue.declare()

    def send(
        self,
        method: str,
        times: int,
        *,
        person_id: str = "wang",
        correlation_id: str | None = None,
        **arguments: Any,
    ) -> Answers:
        """All answers to one message that is published so many times."""
        message = {
            "body": {"args": [], "kwargs": arguments},
            "routing_key": method,
            "reply_to": self._queue.routing_key,
            "correlation_id": correlation_id,
            "headers": {"nameko.auth_token": token_of(self._folder, person_id=person_id)},
            "expiration": 10,
        }
        producer = kombu.Producer(self._channel, get_rpc_exchange({}), serializer="json")
        for _ in range(times):
            producer.publish(**message)
        answers: Answers = []

        def all_answered() -> bool:
            if (answer := self._queue.get(no_ack=True)) is not None:
                answers.append(json.loads(answer.body))
            return len(answers) == times

        await_true(all_answered)
        return answers

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def sender(bus_url: str, suite: Together) -> Iterator[Sender]:
    sender = Sender(bus_url, suite)
    yield sender
    sender.close()


def head_of(suite: Together, service: str) -> int:
    (house,) = (each for each in suite.houses.values() if each.log.source == service)
    return house.log.head().position


def recorded(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer tells but whether it is the first: two that are decided together both are."""
    return {name: each for name, each in answer.items() if name != "repeated"}


BATCH = {"organisation_id": "union-1", "opened_on": "2020-01-01"}


def test_a_command_without_an_id_is_recorded_once_however_often_its_message_comes(
    suite: Together, sender: Sender
) -> None:
    before = head_of(suite, "assistance")

    first, *others = sender.send("assistance.open_batch", 3, correlation_id=str(uuid4()), **BATCH)

    assert first["error"] is None
    assert [recorded(each["result"]) for each in others] == [recorded(first["result"])] * 2
    assert head_of(suite, "assistance") == before + 1


def test_two_messages_with_the_same_content_are_two_wishes(suite: Together, sender: Sender) -> None:
    before = head_of(suite, "assistance")

    for _ in range(2):
        sender.send("assistance.open_batch", 1, correlation_id=str(uuid4()), **BATCH)

    assert head_of(suite, "assistance") == before + 2


def test_each_of_many_rows_is_recorded_once(suite: Together, sender: Sender) -> None:
    before = head_of(suite, "assistance")
    rows = [BATCH, BATCH | {"command_id": "chosen"}, BATCH, BATCH | {"opened_on": "never"}]

    first, second = sender.send("assistance.open_batch_many", 2, correlation_id=str(uuid4()), rows=rows)

    assert [recorded(each) for each in first["result"]] == [recorded(each) for each in second["result"]]
    assert [each.get("refused", {}).get("code") for each in first["result"]] == [
        None,
        None,
        None,
        "input.invalid",
    ]
    assert len({each["command_id"] for each in first["result"][:3]}) == 3
    assert head_of(suite, "assistance") == before + 3


def test_nobody_meets_anothers_command_by_the_name_of_its_message(suite: Together, sender: Sender) -> None:
    before = head_of(suite, "assistance")
    name = str(uuid4())

    (wangs,) = sender.send("assistance.open_batch", 1, correlation_id=name, **BATCH)
    (lis,) = sender.send("assistance.open_batch", 1, correlation_id=name, person_id="li", **BATCH)

    assert wangs["result"]["command_id"] != lis["result"]["command_id"]
    assert head_of(suite, "assistance") == before + 2


def test_a_message_that_could_not_be_known_again_has_to_bring_its_command_s_id(
    suite: Together, sender: Sender
) -> None:
    before = head_of(suite, "assistance")

    (nameless,) = sender.send("assistance.open_batch", 1, **BATCH)
    named = [sender.send("assistance.open_batch", 1, command_id="my-own", **BATCH) for _ in range(2)]

    assert nameless["error"]["value"]["code"] == "call.no_identity"
    assert [answer["result"]["repeated"] for (answer,) in named] == [False, True]
    assert head_of(suite, "assistance") == before + 1


def test_a_roster_that_comes_twice_changes_each_member_once(
    suite: Together, sender: Sender, caller: Any
) -> None:
    roster = {
        "name": str(person(31).name),
        "identity_number": str(person(31).identity_number),
        "organisation": "永定机械厂工会",
        "mobile": str(person(31).mobile),
        "employment_status": "在岗",
        "occupation_group": "无",
        "migrant_worker": "否",
        "joined_on": "2020-01-01",
        "consent_version": "1",
    }
    found_union(caller)
    sender.send(
        "membership.import_members", 1, correlation_id=str(uuid4()), rows=[roster], as_of="2020-02-01"
    )
    changed = roster | {"mobile": str(person(32).mobile)}
    before = head_of(suite, "membership")

    sender.send(
        "membership.import_members", 3, correlation_id=str(uuid4()), rows=[changed], as_of="2020-03-01"
    )

    assert head_of(suite, "membership") == before + 1


def found_union(caller: Any) -> None:
    for organisation in (
        {"organisation_id": "federation-1", "name": "门头沟区总工会", "kind": "federation", "level": 4},
        {
            "organisation_id": "union-1",
            "parent_id": "federation-1",
            "name": "永定机械厂工会",
            "kind": "basic_union",
            "level": 7,
        },
    ):
        caller.membership.found_organisation(founded_on="2001-01-01", basis="批复1号", **organisation)
    caller.membership.set_parameter(
        key="member.joining_age_years",
        value=16,
        unit="years",
        region="CN",
        effective_from="1995-01-01",
        document_no="劳动法第十五条",
        sureness="sample",
    )
