"""What a log of funds ought to hold and answer, in plain memory: the oracle of the state machine."""

from dataclasses import dataclass, field
from typing import Any

from tests.log.fund import Add, GiveLabel, Move, NameKeeper, Spend

REUSED, FORGOTTEN = "command.id_reused", "person.forgotten"
Told = tuple[int | None, int, dict[str, int]] | str
"""First position, last position and versions; or the code of a refusal."""


@dataclass(slots=True)
class Fund:
    balance_fen: int = 0
    label: str | None = None
    account: tuple[str, str] | None = None


@dataclass(slots=True)
class Oracle:
    """Funds, keys and answers.

    Args:
        position: of the log when the oracle began.
        events: of each stream its events, as type and plain data with the personal values in the clear.
        labels, accounts: which fund has them; an account's holder comes with the person it is about.
    """

    position: int
    funds: dict[str, Fund] = field(default_factory=dict)
    events: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    answers: dict[str, tuple[dict[str, Any], Told]] = field(default_factory=dict)

    def fund(self, fund_id: str) -> Fund:
        return self.funds.setdefault(fund_id, Fund())

    def take(self, command_id: str, command: Any) -> Told:
        """What the log ought to tell of a command, now that it is sent."""
        request = request_of(command)
        if command_id in self.answers:
            earlier, told = self.answers[command_id]
            return told if self._same(earlier, request) else REUSED
        made = self._decide(command)
        if isinstance(made, str):
            return made
        first = self.position + 1 if made else None
        versions = {}
        for fund_id, kind, data in made:
            stream = self.events.setdefault(fund_id, [])
            stream.append((kind, {"fund_id": fund_id} | data))
            versions[f"fund/{fund_id}"] = len(stream)
        self.position += len(made)
        told = (first, self.position, versions)
        self.answers[command_id] = request, told
        return told

    def _same(self, earlier: dict[str, Any], request: dict[str, Any]) -> bool:
        if earlier.get("person_id") in self.forgotten:  # what was erased can no longer be compared
            earlier, request = ({**each, "account": "", "name": ""} for each in (earlier, request))
        return earlier == request

    def _decide(self, command: Any) -> list[tuple[str, str, dict[str, Any]]] | str:
        match command:
            case Add(fund_id=fund_id, amount_fen=amount_fen):
                return [self._add(fund_id, amount_fen)]
            case Spend(fund_id=fund_id, amount_fen=amount_fen, under_fund_id=under):
                if amount_fen > self.fund(fund_id).balance_fen:
                    return "fund.overdrawn"
                if under is not None and amount_fen > self.fund(under).balance_fen:
                    return "fund.above_ceiling"
                return [self._spend(fund_id, amount_fen)]
            case Move(fund_id=fund_id, to_fund_id=to_fund_id, amount_fen=amount_fen):
                if amount_fen > self.fund(fund_id).balance_fen:
                    return "fund.overdrawn"
                return [self._spend(fund_id, amount_fen), self._add(to_fund_id, amount_fen)]
            case GiveLabel():
                return self._give_label(command)
            case _:
                return self._name_keeper(command)

    def _add(self, fund_id: str, amount_fen: int) -> tuple[str, str, dict[str, Any]]:
        self.fund(fund_id).balance_fen += amount_fen
        return fund_id, "Added", {"amount_fen": amount_fen}

    def _spend(self, fund_id: str, amount_fen: int) -> tuple[str, str, dict[str, Any]]:
        self.fund(fund_id).balance_fen -= amount_fen
        return fund_id, "Spent", {"amount_fen": amount_fen}

    def _give_label(self, command: GiveLabel) -> list[tuple[str, str, dict[str, Any]]] | str:
        fund = self.fund(command.fund_id)
        if command.label == fund.label:
            return []
        if command.label in self.labels:
            return "fund.label_taken"
        if fund.label is not None:
            del self.labels[fund.label]
        if command.label is not None:
            self.labels[command.label] = command.fund_id
        fund.label = command.label
        return [(command.fund_id, "LabelGiven", {"label": command.label})]

    def _name_keeper(self, command: NameKeeper) -> list[tuple[str, str, dict[str, Any]]] | str:
        account, name = str(command.account.content), str(command.name.content)
        fund = self.fund(command.fund_id)
        if self.accounts.get(account, (command.fund_id, ""))[0] != command.fund_id:
            return "fund.account_taken"
        if command.person_id in self.forgotten:
            return FORGOTTEN
        if fund.account is not None and fund.account[1] not in self.forgotten:
            self.accounts.pop(fund.account[0], None)
        self.accounts[account] = command.fund_id, command.person_id
        fund.account = account, command.person_id
        data = {"person_id": command.person_id, "account": account, "name": name}
        return [(command.fund_id, "KeeperNamed", data)]

    def forget(self, person_id: str) -> None:
        self.forgotten.add(person_id)
        self.accounts = {
            account: holder for account, holder in self.accounts.items() if holder[1] != person_id
        }


def request_of(command: Any) -> dict[str, Any]:
    """A command as plain data, with its personal values in the clear."""
    fields = {name: getattr(command, name) for name in type(command).__slots__}
    for name in ("account", "name"):
        if name in fields:
            fields[name] = str(fields[name].content)
    return {"": type(command).__name__} | fields
