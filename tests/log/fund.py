"""A small language of funds, so that tests of the log hang on no service's rules."""

from collections.abc import Mapping
from typing import assert_never

from shared.rules.context import Context
from shared.rules.decider import Decider, PersonalKey
from shared.rules.language import Language
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal

OVERDRAWN = Refusal("fund.overdrawn", zh="余额不足", en="the fund holds less than that")
ABOVE_CEILING = Refusal("fund.above_ceiling", zh="超过上限", en="the amount is above the ceiling")
LABEL_TAKEN = Refusal("fund.label_taken", zh="名称已使用", en="another fund bears this label")
ACCOUNT_TAKEN = Refusal("fund.account_taken", zh="账号已登记", en="another fund has this account")


@message
class Add:
    fund_id: str
    amount_fen: int


@message
class Spend:
    """With ``under_fund_id`` the decision reads a second fund: no more is spent than that one holds."""

    fund_id: str
    amount_fen: int
    under_fund_id: str | None = None


@message
class Move:
    """Writes two streams, both or neither."""

    fund_id: str
    to_fund_id: str
    amount_fen: int


@message
class GiveLabel:
    """No two funds bear one label; None gives a label back, and the same label again decides nothing."""

    fund_id: str
    label: str | None


@message
class NameKeeper:
    """Brings personal values; no two funds have one account."""

    fund_id: str
    person_id: str
    account: Personal[str]
    name: Personal[str]


@message
class Note:
    """Its rule makes a text of one character: one that cannot be stored, or none at all and a ValueError."""

    fund_id: str
    code_point: int


@message
class Added:
    fund_id: str
    amount_fen: int


@message
class Spent:
    fund_id: str
    amount_fen: int


@message
class LabelGiven:
    fund_id: str
    label: str | None


@message
class KeeperNamed:
    fund_id: str
    person_id: str
    account: Personal[str]
    name: Personal[str]


@message
class Noted:
    fund_id: str
    text: str


@message
class Fund:
    balance_fen: int = 0
    label: str | None = None
    person_id: str = ""
    account: Personal[str] | None = None
    name: Personal[str] | None = None


Command = Add | Spend | Move | GiveLabel | NameKeeper | Note
Event = Added | Spent | LabelGiven | KeeperNamed | Noted


def decide(command: Command, state: Fund, context: Context) -> list[Event]:
    match command:
        case Add():
            return [Added(fund_id=command.fund_id, amount_fen=command.amount_fen)]
        case Spend():
            return spend(command, state, context)
        case Move():
            return [
                *spend(Spend(fund_id=command.fund_id, amount_fen=command.amount_fen), state, context),
                Added(fund_id=command.to_fund_id, amount_fen=command.amount_fen),
            ]
        case GiveLabel():
            if command.label == state.label:
                return []
            return [LabelGiven(fund_id=command.fund_id, label=command.label)]
        case NameKeeper():
            return [
                KeeperNamed(
                    fund_id=command.fund_id,
                    person_id=command.person_id,
                    account=command.account,
                    name=command.name,
                )
            ]
        case Note():
            return [Noted(fund_id=command.fund_id, text=chr(command.code_point))]
        case _:
            assert_never(command)


def spend(command: Spend, state: Fund, context: Context) -> list[Event]:
    if command.amount_fen > state.balance_fen:
        raise OVERDRAWN(field="amount_fen")
    if command.under_fund_id is not None:
        ceiling: Fund = context.state(fund, command.under_fund_id)
        if command.amount_fen > ceiling.balance_fen:
            raise ABOVE_CEILING(field="amount_fen")
    return [Spent(fund_id=command.fund_id, amount_fen=command.amount_fen)]


def evolve(state: Fund, event: Event) -> Fund:
    balance_fen, label = state.balance_fen, state.label
    person_id, account, name = state.person_id, state.account, state.name
    match event:
        case Added():
            balance_fen += event.amount_fen
        case Spent():
            balance_fen -= event.amount_fen
        case LabelGiven():
            label = event.label
        case KeeperNamed():
            person_id, account, name = event.person_id, event.account, event.name
        case Noted():
            pass
        case _:
            assert_never(event)
    return Fund(balance_fen=balance_fen, label=label, person_id=person_id, account=account, name=name)


def unique_keys(state: Fund) -> Mapping[str, Refusal | PersonalKey]:
    keys: dict[str, Refusal | PersonalKey] = {}
    if state.label is not None:
        keys[f"label/{state.label}"] = LABEL_TAKEN
    if state.account is not None:
        keys["account"] = PersonalKey(state.account, ACCOUNT_TAKEN)
    return keys


fund = Decider("fund", "fund_id", Command, Event, Fund(), decide, evolve, unique_keys)
language = Language("fund", (fund,))
