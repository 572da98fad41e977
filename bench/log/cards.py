"""A neutral language for measuring: a card carries three personal values, and nobody holds two.

Its fields are those that the rival library's runs write, so that both figures are about one payload.
"""

from collections.abc import Mapping
from datetime import date

from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.language import Language
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.rules.refusal import Refusal
from shared.runtime.identities import new_identity

ISSUED = Refusal("card.issued", zh="该卡已发放", en="this card has been issued")
HOLDS_A_CARD = Refusal("card.holds_a_card", zh="此人已持有一张卡", en="this person holds a card already")
ORGANISATION_ID = "0199f0a2-7c1e-7cc3-9d5e-2f1f6f0c8b12"


@message
class IssueCard:
    card_id: str
    person_id: str
    organisation_id: str
    name: Personal[str]
    identity_number: Personal[str]
    account_number: Personal[str]
    issued_on: date
    trade: str


@message
class CardIssued:
    card_id: str
    person_id: str
    organisation_id: str
    name: Personal[str]
    identity_number: Personal[str]
    account_number: Personal[str]
    effective_on: date
    trade: str


@message
class Card:
    person_id: str = ""


def decide(command: IssueCard, state: Card, context: Context) -> list[CardIssued]:
    if state.person_id:
        raise ISSUED(field="card_id")
    return [
        CardIssued(
            card_id=command.card_id,
            person_id=command.person_id,
            organisation_id=command.organisation_id,
            name=command.name,
            identity_number=command.identity_number,
            account_number=command.account_number,
            effective_on=command.issued_on,
            trade=command.trade,
        )
    ]


def evolve(state: Card, event: CardIssued) -> Card:
    return Card(person_id=event.person_id)


def unique_keys(state: Card) -> Mapping[str, Refusal]:
    return {f"card/{state.person_id}": HOLDS_A_CARD} if state.person_id else {}


card = Decider("card", "card_id", IssueCard, CardIssued, Card(), decide, evolve, unique_keys)
language = Language("cards", (card,))


def issue_card() -> IssueCard:
    """A new card for a new person: each brings a stream, a unique key and a person's key."""
    return IssueCard(
        card_id=new_identity(),
        person_id=new_identity(),
        organisation_id=ORGANISATION_ID,
        name=Personal("王建国"),
        identity_number=Personal("11010519491231002X"),
        account_number=Personal("6222020200112233445"),
        issued_on=date(2026, 3, 1),
        trade="woodworker",
    )
