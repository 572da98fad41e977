"""Whatever is sent, by whichever process, in whichever order: log and oracle tell the same."""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shared.log.entry import Answer, Outcome
from shared.log.streams import read_event
from shared.log.verify import verify
from shared.rules.personal import ERASED, Personal
from shared.rules.refusal import Refused
from shared.runtime.commands import Request
from tests.log.fund import Add, GiveLabel, Move, NameKeeper, Spend, language
from tests.log.house import CLERK, found_house, open_house
from tests.log.oracle import Oracle, Told

EXAMPLES, STEPS = 30, 30
PROCESSES = 2

funds = st.sampled_from("abc")
persons = st.sampled_from("pqr")
amounts = st.integers(1, 9)
values = st.sampled_from(["622201", "622202", "622203"])


class LogMachine(RuleBasedStateMachine):
    """Each example works on streams, keys and persons of its own, so that all can share one store."""

    url: str
    examples = count()

    @initialize()
    def open(self) -> None:
        self.own = f"{next(self.examples)}-"
        self.houses = [open_house(self.url) for _ in range(PROCESSES)]
        self.oracle = Oracle(self.houses[0].log.head().position)
        self.sent: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "oracle"):
            self.compare_streams()
            self.compare_keys()
            self.compare_answers()
            assert verify(self.houses[0].store, vault=self.houses[0].log.vault).findings == ()
        for house in getattr(self, "houses", []):
            house.close()

    def command(self, draw: Any) -> Any:
        """A command, made anew: what it brings is used up once it is recorded."""
        fund_id, other = self.own + draw(funds), self.own + draw(funds)
        match draw(st.integers(0, 6)):
            case 0 | 1:
                return Add(fund_id=fund_id, amount_fen=draw(amounts))
            case 2:
                return Spend(fund_id=fund_id, amount_fen=draw(amounts))
            case 3:
                return Spend(fund_id=fund_id, amount_fen=draw(amounts), under_fund_id=other)
            case 4:
                return Move(fund_id=fund_id, to_fund_id=other, amount_fen=draw(amounts))
            case 5:
                label = draw(st.sampled_from([None, "医疗", "助学"]))
                return GiveLabel(fund_id=fund_id, label=label and self.own + label)
            case _:
                return NameKeeper(
                    fund_id=fund_id,
                    person_id=self.own + draw(persons),
                    account=Personal(self.own + draw(values)),
                    name=Personal(draw(values)),
                )

    def command_id(self, draw: Any) -> str:
        """Mostly a new id, sometimes a used one: for the same or, as chance will have it, another request."""
        if self.sent and draw(st.integers(0, 4)) == 0:
            return str(draw(st.sampled_from(self.sent)))
        self.sent.append(f"{self.own}{len(self.sent)}")
        return self.sent[-1]

    @rule(data=st.data(), size=st.integers(1, 6), process=st.integers(0, PROCESSES - 1))
    def append(self, data: st.DataObject, size: int, process: int) -> None:
        batch = [(self.command_id(data.draw), self.command(data.draw)) for _ in range(size)]
        expected = [self.oracle.take(command_id, command) for command_id, command in batch]

        outcomes = self.houses[process].handler.handle_many(
            [Request(command, CLERK, command_id) for command_id, command in batch]
        )

        assert list(map(told, outcomes)) == expected

    @rule(data=st.data(), process=st.integers(0, PROCESSES - 1))
    def repeat(self, data: st.DataObject, process: int) -> None:
        if not self.oracle.answers:
            return
        command_id = data.draw(st.sampled_from(sorted(self.oracle.answers)))
        request, answer = self.oracle.answers[command_id]

        outcome = self.houses[process].send(remade(request), command_id)

        assert outcome.repeated
        assert told(outcome) == answer

    @rule(process=st.integers(0, PROCESSES - 1))
    def restart(self, process: int) -> None:
        self.houses[process].close()
        self.houses[process] = self.houses[process].another()

    @rule(person_id=persons, process=st.integers(0, PROCESSES - 1))
    def forget(self, person_id: str, process: int) -> None:
        self.houses[process].forget(self.own + person_id)
        self.oracle.forget(self.own + person_id)

    @invariant()
    def head_is_where_it_ought_to_be(self) -> None:
        if hasattr(self, "oracle"):
            assert self.houses[0].log.head().position == self.oracle.position

    def compare_streams(self) -> None:
        for fund_id, expected in self.oracle.events.items():
            envelopes = self.houses[0].log.stream(f"fund/{fund_id}")
            assert [envelope.version for envelope in envelopes] == list(range(1, len(expected) + 1))
            for envelope, (kind, data) in zip(envelopes, expected, strict=True):
                event = read_event(
                    language, envelope.stream, envelope.version, kind, envelope.public, envelope.sealed
                )
                forgotten = data.get("person_id") in self.oracle.forgotten
                for name, value in data.items():
                    found = getattr(event, name)
                    if isinstance(found, Personal):
                        found, value = self.houses[0].clear(found), ERASED if forgotten else value
                    assert found == value, (envelope, name)

    def compare_keys(self) -> None:
        """Each key is refused to a stranger, and each that nobody holds is given to one."""
        house, stranger = self.houses[0], f"{self.own}stranger"
        for label in (self.own + "医疗", self.own + "助学"):
            outcome = house.send_many(GiveLabel(fund_id=stranger, label=label))[0]
            assert isinstance(outcome, Refused) == (label in self.oracle.labels)
        for number in range(1, 4):
            account = f"{self.own}62220{number}"
            command = NameKeeper(
                fund_id=f"{stranger}-{number}",
                person_id=stranger,
                account=Personal(account),
                name=Personal("n"),
            )
            outcome = house.send_many(command)[0]
            assert isinstance(outcome, Refused) == (account in self.oracle.accounts)

    def compare_answers(self) -> None:
        for command_id in self.sent:
            found = self.houses[-1].log.command(command_id)
            expected = self.oracle.answers.get(command_id)
            assert (found and told(found)) == (expected and expected[1])


def told(outcome: Outcome) -> Told:
    """An outcome as the oracle tells it. Raises what is neither an answer nor a refusal."""
    match outcome:
        case Answer():
            return outcome.first_position, outcome.position, dict(outcome.streams)
        case Refused():
            return outcome.code
        case _:
            raise outcome


def remade(request: dict[str, Any]) -> Any:
    """A command from what the oracle remembers of it."""
    made: Any = {each.__name__: each for each in (Add, Spend, Move, GiveLabel, NameKeeper)}[request[""]]
    fields = {name: value for name, value in request.items() if name}
    return made(
        **{name: Personal(value) if name in ("account", "name") else value for name, value in fields.items()}
    )


@pytest.fixture
def machine(store_url: str) -> type[LogMachine]:
    """The machine on one kind of store."""
    found_house(store_url).close()
    return type("LogMachineHere", (LogMachine,), {"url": store_url})


def test_the_log_tells_what_an_oracle_in_memory_tells(machine: type[LogMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
