"""Every law of money is kept by what the rules do, and broken by one event that they would never make."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.budget import budget
from services.assistance.aggregates.goods_issue import goods_issue
from services.assistance.aggregates.goods_item import goods_item
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.payment import payment
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.aggregates.relief_campaign import relief_campaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.audit import LAWS, money
from services.assistance.events.file import RevisionConfirmed
from services.assistance.parameters import LIVING_AID_CAP_MONTHS, MINIMUM_LIVING_STANDARD
from services.assistance.projections.postings import Posting
from shared.rules.context import Actor, Fact
from shared.rules.decider import Decider
from shared.rules.parameter import Parameter
from shared.rules.policy_parameter import ParameterSet, policy_parameter
from shared.runtime.replaying import Step
from tests.rules.assistance.grants import (
    AMOUNT_FEN,
    budget_allocated,
    budget_reserved,
    campaign_opened,
    grant_approved,
    grant_proposed,
    household_aid_released,
    household_aided,
)
from tests.rules.assistance.households import (
    FACTORY,
    NOTICE_LAST_ON,
    ON_FILE,
    POSTED,
    SON,
    account_recorded,
    file_approved,
    file_opened,
    file_reviewed,
    file_revised,
    member_of,
    notice_posted,
)
from tests.rules.assistance.payments import (
    PAID_ON,
    added,
    approved,
    batch_released,
    checked,
    confirmed,
    every_event,
    given_up,
    overpaid,
    overpayment_returned,
    prepared,
    released,
    repaid,
    returned,
    up_to,
)
from tests.rules.assistance.test_goods_in_kind import ISSUED, RECEIVED
from tests.rules.rules import fold

Others = Mapping[tuple[Decider, str], Sequence[Any]]
PREPARED: tuple[Decider, Sequence[Any]] = (payment, [prepared()])


class Watching:
    """One law, shown events by hand."""

    def __init__(
        self, code: str, others: Others | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        (law,) = (each for each in LAWS if each.code == f"law.{code}")
        self.law = law
        self._watch = law.begin()
        self._others = others or {}
        self._facts = {name: Fact(value, "test", 1) for name, value in (facts or {}).items()}

    def shown(self, event: Any, by: str = "somebody", *, after: tuple[Decider, Sequence[Any]]) -> str | None:
        """What the law says of an event after others of its stream."""
        assert type(event) in self.law.watches
        decider, history = after
        before = fold(decider, history)
        after_it = decider.evolve(before, event)
        step = Step(1, event, None, Actor(by), before, after_it, self._state, self._facts)
        return self._watch(step)

    def _state(self, decider: Decider, identity: str) -> Any:
        return fold(decider, self._others.get((decider, identity), ()))


def test_a_budget_is_never_overspent() -> None:
    law = Watching("budget")

    assert law.shown(budget_reserved(amount_fen=300_000), after=(budget, [budget_allocated()])) is None
    over = law.shown(budget_reserved(amount_fen=300_001), after=(budget, [budget_allocated()]))
    assert over == "budget winter"


def test_an_entry_balances(monkeypatch: pytest.MonkeyPatch) -> None:
    law = Watching("entries")
    assert law.shown(budget_allocated(), after=(budget, [])) is None

    # No event can be posted to one side only; the law holds whatever the postings are.
    monkeypatch.setattr(money, "postings", lambda event: (Posting("bank", event.amount_fen),))
    assert law.shown(budget_allocated(), after=(budget, [])) == "3,000.00 yuan"


@pytest.mark.parametrize("person_id", ["wang", "zhao"])
def test_a_file_is_approved_by_neither_its_caseworker_nor_its_reviewer(person_id: str) -> None:
    law = Watching("two_persons")

    assert law.shown(file_approved(), by="sun", after=(hardship_file, POSTED)) is None
    assert law.shown(file_approved(), by=person_id, after=(hardship_file, POSTED)) == "file 1"
    reviewed_twice = [*POSTED[:2], file_reviewed(reviewer_id="sun"), *POSTED[2:]]
    assert law.shown(file_approved(), by="sun", after=(hardship_file, reviewed_twice)) == "file 1"


def test_a_changed_household_is_confirmed_by_no_caseworker_of_its_file() -> None:
    law = Watching("two_persons")
    after = (hardship_file, [*ON_FILE, file_revised(to_be_confirmed=True)])
    confirmed = RevisionConfirmed(
        file_id="1", organisation_id=FACTORY, reviewer_id="zhao", effective_on=date(2024, 9, 3)
    )

    assert law.shown(confirmed, by="zhao", after=after) is None
    assert law.shown(confirmed, by="wang", after=after) == "file 1"


def test_a_grant_is_approved_by_neither_its_proposer_nor_its_beneficiary() -> None:
    law = Watching("two_persons")
    proposed = grant_proposed()
    after = (aid_grant, [proposed])

    assert law.shown(grant_approved(), by="sun", after=after) is None
    for person_id in (proposed.proposed_by, proposed.person_id):
        assert law.shown(grant_approved(), by=person_id, after=after) == "grant 1"


def test_four_persons_take_the_steps_of_a_batch() -> None:
    law = Watching("four_persons")
    reconciled = next(each for each in every_event() if type(each).__name__ == "BatchReconciled")
    steps = (
        (checked(added()), "locked", "zheng", ("wu",)),
        (approved(added()), "checked", "qian", ("wu", "zheng")),
        (batch_released(added()), "approved", "feng", ("wu", "zheng", "qian")),
        (replace(reconciled, batch_id="1"), "released", "chen", ("wu", "zheng", "qian", "feng")),
    )

    for event, last, by, others in steps:
        after = (payment_batch, up_to(last))
        assert law.shown(event, by=by, after=after) is None
        assert [law.shown(event, by=each, after=after) for each in others] == ["batch 1"] * len(others)


def test_a_file_is_approved_after_the_last_day_of_its_notice() -> None:
    law = Watching("notice")
    too_early = file_approved(effective_on=NOTICE_LAST_ON)
    never_posted = [each for each in POSTED if not isinstance(each, type(notice_posted()))]

    assert law.shown(file_approved(), after=(hardship_file, POSTED)) is None
    assert law.shown(too_early, after=(hardship_file, POSTED)) == "file 1"
    assert law.shown(file_approved(), after=(hardship_file, never_posted)) == "file 1"


def test_money_leaves_after_the_last_day_of_the_notice() -> None:
    law = Watching("notice", {(hardship_file, "1"): ON_FILE})

    assert law.shown(released(effective_on=NOTICE_LAST_ON + timedelta(days=1)), after=PREPARED) is None
    assert law.shown(released(effective_on=NOTICE_LAST_ON), after=PREPARED) == "file 1"


def set_to(parameter: Parameter[int], value: int) -> ParameterSet:
    return ParameterSet(
        key=parameter.key,
        value=value,
        unit=parameter.unit,
        region="CN",
        effective_from=date(2024, 1, 1),
        document_no="1",
        sureness="sample",
    )


CAPS: Others = {
    (policy_parameter, LIVING_AID_CAP_MONTHS.key): [set_to(LIVING_AID_CAP_MONTHS, 2)],
    (policy_parameter, MINIMUM_LIVING_STANDARD.key): [set_to(MINIMUM_LIVING_STANDARD, 50_000)],
}


def test_a_household_is_aided_up_to_the_cap_and_not_beyond() -> None:
    law = Watching("cap", CAPS)
    aided = household_aided(amount_fen=100_000)

    assert law.shown(aided, after=(hardship_file, ON_FILE)) is None
    over = law.shown(replace(aided, amount_fen=1), after=(hardship_file, [*ON_FILE, aided]))
    assert over == "person zhang: 1,000.01 of 1,000.00 yuan in 2024"


def test_the_cap_is_of_persons_and_does_not_begin_anew_in_another_file() -> None:
    law = Watching("cap", CAPS)
    aided = household_aided(amount_fen=100_000, grant_id="1")
    of_the_wife = file_opened("2", person_id="wife", members=(member_of("wife", "self"), SON))
    others = file_opened("3", person_id="li", members=(member_of("li", "self"),))
    again = household_aided("2", grant_id="2", person_id="wife", amount_fen=1)
    given_back = household_aid_released(amount_fen=100_000, grant_id="1")

    assert law.shown(aided, after=(hardship_file, ON_FILE)) is None
    assert law.shown(replace(again, file_id="3"), after=(hardship_file, [others])) is None
    over = law.shown(again, after=(hardship_file, [of_the_wife]))
    assert over == "person wife: 1,000.01 of 1,000.00 yuan in 2024"
    assert law.shown(given_back, after=(hardship_file, [*ON_FILE, aided])) is None
    assert law.shown(replace(again, grant_id="3"), after=(hardship_file, [of_the_wife])) is None


def of_a_town(organisation_id: str) -> Others:
    """A budget, a campaign, goods and a file, of which one organisation owns all but the file."""
    return {
        (budget, "winter"): [budget_allocated(organisation_id=organisation_id)],
        (relief_campaign, "winter"): [campaign_opened(organisation_id=organisation_id)],
        (goods_item, "rice"): [replace(RECEIVED, organisation_id=organisation_id)],
        (hardship_file, "1"): ON_FILE,
    }


@pytest.mark.parametrize(
    ("event", "decider"),
    [
        (campaign_opened(organisation_id=FACTORY), relief_campaign),
        (grant_proposed(), aid_grant),
        (replace(ISSUED, organisation_id="town"), goods_issue),
    ],
)
def test_budgets_campaigns_and_goods_serve_their_own_organisation_and_those_below_it(
    event: Any, decider: Decider
) -> None:
    below = Watching("scope", of_a_town("town"), {ORGANISATIONS_ABOVE: ["town", "district"]})
    beside = Watching("scope", of_a_town("town"), {ORGANISATIONS_ABOVE: ["other-town", "district"]})
    never_asked = Watching("scope", of_a_town("town"))

    assert below.shown(event, after=(decider, [])) is None
    for law in (beside, never_asked):
        assert law.shown(event, after=(decider, [])) == "factory used what is of town"


def test_a_campaign_of_the_own_town_on_the_budget_of_another_is_found_at_its_grants_too() -> None:
    others = {**of_a_town("town"), (budget, "winter"): [budget_allocated(organisation_id="other-town")]}
    law = Watching("scope", others, {ORGANISATIONS_ABOVE: ["town", "district"]})

    assert law.shown(grant_proposed(), after=(aid_grant, [])) == "factory used what is of other-town"


GRANTED: Others = {(aid_grant, "1"): [grant_proposed(), grant_approved()]}


def told(law: Watching, *events: Any) -> list[str | None]:
    """What a law says of each of these, shown one after the other."""
    return [law.shown(each, after=PREPARED) for each in events]


def test_money_leaves_once_for_a_grant_unless_it_came_back() -> None:
    law = Watching("paid_once", GRANTED)
    again = [prepared(attempt=2), released(attempt=2), confirmed(attempt=2)]

    assert told(law, prepared(), released(), confirmed(), returned(), *again) == [None] * 7
    assert told(law, confirmed(attempt=2)) == ["grant 1"]


def test_what_the_bank_paid_twice_stays_open_until_it_came_back_or_counts() -> None:
    later = [prepared(attempt=2), released(attempt=2)]
    given_back = [overpayment_returned(), returned(attempt=2), prepared(attempt=3)]
    counts = [confirmed(after="overpayment"), returned(), prepared(attempt=3)]

    by_hand = [repaid(), returned(attempt=2), prepared(attempt=3)]

    for follows in ([confirmed(attempt=2), *given_back], [confirmed(attempt=2), *by_hand], counts):
        law = Watching("paid_once", GRANTED)
        assert told(law, *later, overpaid(), *follows) == [None] * (3 + len(follows))


def test_no_line_leaves_while_an_earlier_one_is_paid_though_it_is_called_an_overpayment() -> None:
    law = Watching("paid_once", GRANTED)
    third = [prepared(attempt=3), released(attempt=3)]

    assert told(law, prepared(attempt=2), released(attempt=2), overpaid()) == [None] * 3
    # The second failed, and the first is forgotten.
    assert told(law, *third) == ["grant 1"] * 2


def test_an_overpayment_that_nobody_found_does_not_become_the_payment() -> None:
    law = Watching("paid_once", GRANTED)

    assert told(law, confirmed(after="overpayment")) == ["grant 1"]


def test_what_leaves_is_what_was_granted() -> None:
    law = Watching("paid_once", GRANTED)

    assert law.shown(confirmed(amount_fen=AMOUNT_FEN + 1), after=PREPARED) == "grant 1"


def test_nothing_is_paid_for_a_grant_after_its_reversal() -> None:
    law = Watching("after_the_end")
    reversed_ = next(each for each in every_event() if type(each).__name__ == "PaymentReversed")

    assert law.shown(confirmed("c"), after=PREPARED) is None
    assert law.shown(reversed_, after=PREPARED) is None
    assert law.shown(released("c"), after=PREPARED) == "grant c"
    assert law.shown(reversed_, after=PREPARED) == "grant c"
    assert law.shown(released("d"), after=PREPARED) is None


def test_nothing_is_paid_for_a_grant_that_was_withdrawn_after_its_money_came_back() -> None:
    law = Watching("after_the_end")

    assert told(law, given_up(), prepared(), confirmed()) == [None, "grant 1", "grant 1"]


ASKED, REVERSED, SETTLED, TAKEN_BACK, TURNED_DOWN = (
    next(each for each in every_event() if type(each).__name__ == name)
    for name in (
        "ReversalRequested",
        "PaymentReversed",
        "ContradictionSettled",
        "ReversalWithdrawn",
        "ReversalRefused",
    )
)
SENT = [prepared(), released(), confirmed()]


def test_a_reversal_takes_two_persons_neither_of_whom_was_paid() -> None:
    law = Watching("two_persons_settle")
    asked = replace(ASKED, person_id="zhang")
    reversed_ = replace(REVERSED, person_id="zhang")

    assert law.shown(asked, by="feng", after=(payment, SENT)) is None
    assert law.shown(asked, by="zhang", after=(payment, SENT)) == "grant c"
    assert law.shown(reversed_, by="qian", after=(payment, [*SENT, asked])) is None
    for one in (asked.requested_by, "zhang"):
        assert law.shown(reversed_, by=one, after=(payment, [*SENT, asked])) == "grant c"


def test_a_request_for_a_reversal_is_refused_by_another_person_and_taken_back_by_the_same() -> None:
    law = Watching("two_persons_settle")
    asked, back, down = (replace(each, person_id="zhang") for each in (ASKED, TAKEN_BACK, TURNED_DOWN))
    before = (payment, [*SENT, asked])

    assert law.shown(back, by=asked.requested_by, after=before) is None
    assert law.shown(down, by="qian", after=before) is None
    for one in ("qian", "zhang"):
        assert law.shown(back, by=one, after=before) == "grant c"
    for one in (asked.requested_by, "zhang"):
        assert law.shown(down, by=one, after=before) == "grant c"


def test_a_line_is_settled_by_neither_who_released_it_nor_who_is_paid_by_it() -> None:
    law = Watching("two_persons_settle")
    settled = replace(SETTLED, person_id="zhang")

    assert law.shown(settled, by="chen", after=(payment, SENT)) is None
    for one in ("feng", "zhang"):
        assert law.shown(settled, by=one, after=(payment, SENT)) == "grant c"


def test_a_repayment_is_recorded_by_neither_who_released_a_line_nor_who_is_paid() -> None:
    law = Watching("two_persons_settle")
    given_back = repaid("c", person_id="zhang")

    assert law.shown(given_back, by="chen", after=(payment, SENT)) is None
    for one in ("feng", "zhang"):
        assert law.shown(given_back, by=one, after=(payment, SENT)) == "grant c"


def test_nothing_is_given_back_twice_or_without_having_been_overpaid() -> None:
    law = Watching("paid_once", GRANTED)

    assert told(law, overpaid(), repaid(), repaid()) == [None, None, "grant 1"]
    assert told(Watching("paid_once", GRANTED), overpayment_returned()) == ["grant 1"]


EARLY = PAID_ON - timedelta(days=1)


def test_no_step_on_a_batch_is_dated_before_the_last_one() -> None:
    law = Watching("days")
    for event, last in (
        (checked(added()), "locked"),
        (approved(added()), "checked"),
        (batch_released(added()), "approved"),
    ):
        after = (payment_batch, up_to(last))
        assert law.shown(event, after=after) is None
        early = law.shown(replace(event, effective_on=EARLY), after=after)
        assert early == "batch 1: 2024-03-03, after 2024-03-04"


def test_the_bank_says_nothing_before_the_release() -> None:
    law = Watching("days")
    recorded = next(each for each in every_event() if type(each).__name__ == "ResultsRecorded")
    said = replace(recorded, batch_id="1", effective_on=PAID_ON)
    read_later = replace(said, effective_on=PAID_ON + timedelta(days=1))

    assert law.shown(said, after=(payment_batch, [*up_to("released"), read_later])) is None
    assert law.shown(replace(said, effective_on=EARLY), after=(payment_batch, up_to("released")))
    assert law.shown(said, after=(payment_batch, up_to("approved")))


def test_no_step_on_a_payment_is_dated_before_the_last_one_nor_before_the_grant() -> None:
    law = Watching("days", AS_SEEN)
    late = {(aid_grant, "1"): [grant_proposed(), grant_approved(effective_on=PAID_ON + timedelta(days=1))]}

    assert law.shown(released(), after=PREPARED) is None
    assert law.shown(released(effective_on=EARLY), after=PREPARED) == "grant 1: 2024-03-03, after 2024-03-04"
    assert Watching("days", late).shown(released(), after=PREPARED)
    assert law.shown(replace(ASKED, effective_on=EARLY), after=(payment, SENT))


AS_SEEN: Others = {
    (aid_grant, "1"): [grant_proposed(), grant_approved()],
    (hardship_file, "1"): [*ON_FILE, account_recorded()],
}


def test_a_batch_is_released_as_it_was_approved() -> None:
    law = Watching("as_approved", AS_SEEN)
    after = (payment_batch, up_to("approved"))
    as_seen = batch_released(added())

    assert law.shown(approved(added()), after=(payment_batch, up_to("checked"))) is None
    assert law.shown(replace(approved(added()), digest="0"), after=(payment_batch, up_to("checked")))
    assert law.shown(as_seen, after=after) is None
    for changed in ({"digest": "0"}, {"file_digest": "0"}, {"line_count": 2}, {"amount_fen": 1}):
        assert law.shown(replace(as_seen, **changed), after=after) == "batch 1"


@pytest.mark.parametrize(
    "moved",
    [
        {(aid_grant, "1"): [grant_proposed(), grant_approved(), grant_approved()]},
        {(hardship_file, "1"): [*ON_FILE, account_recorded(), file_revised()]},
    ],
    ids=["grant", "file"],
)
def test_a_line_is_released_on_the_versions_that_the_approval_named(moved: Others) -> None:
    after = (payment_batch, up_to("approved"))
    aided = {(hardship_file, "1"): [*ON_FILE, account_recorded(), household_aided()]}

    assert Watching("as_approved", {**AS_SEEN, **aided}).shown(batch_released(added()), after=after) is None
    law = Watching("as_approved", {**AS_SEEN, **moved})
    assert law.shown(batch_released(added()), after=after) == "line 1.1"


def test_every_law_is_tried_here() -> None:
    tried = re.findall(r'Watching\(\s*"(\w+)"', Path(__file__).read_text())
    assert {f"law.{each}" for each in tried} == {each.code for each in LAWS}
