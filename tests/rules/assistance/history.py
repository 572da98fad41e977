"""A short valid history of assistance that holds every event, for laws that hold for all histories.

The identities are a, b and c, so that commands made by chance meet in these streams.
"""

from datetime import date
from typing import Any

from services.assistance.events.campaign import CampaignClosed
from services.assistance.events.file import (
    FileClosed,
    FileRefused,
    FileReopened,
    FileReturned,
    FileWithdrawn,
    ObjectionDecided,
    ObjectionReceived,
    RevisionConfirmed,
)
from services.assistance.events.goods import (
    GoodsIssued,
    GoodsReceived,
    GoodsReturned,
    StockPutBack,
    StockTaken,
)
from services.assistance.events.grant import GrantRefused, GrantWithdrawn
from shared.rules.personal import Personal
from tests.rules.assistance.grants import (
    budget_allocated,
    budget_committed,
    budget_released,
    budget_reserved,
    budget_restored,
    budget_spent,
    campaign_opened,
    grant_approved,
    grant_proposed,
    household_aid_released,
    household_aided,
    student_campaign,
)
from tests.rules.assistance.households import (
    account_recorded,
    economic_checked,
    file_approved,
    file_opened,
    file_reviewed,
    file_revised,
    file_submitted,
    home_visited,
    member_of,
    notice_posted,
)
from tests.rules.assistance.payments import every_event

DAY = date(2001, 6, 2)
SEALED = Personal("原因")


HOUSEHOLD = (member_of("a", "self"), member_of("b", "son", education_stage="primary"))
OTHER_HOUSEHOLD = (member_of("c", "self"),)
IN_A: dict[str, Any] = {"organisation_id": "a", "effective_on": DAY}
BY_ZHAO = IN_A | {"caseworker_id": "zhao"}


def approved(file_id: str, person_id: str, members: tuple[object, ...]) -> list[object]:
    """A file that went through all steps."""
    return [
        file_opened(file_id, **BY_ZHAO, person_id=person_id, members=members),
        account_recorded(file_id, **BY_ZHAO, person_id=person_id),
        file_submitted(file_id, **BY_ZHAO),
        file_reviewed(file_id, **IN_A),
        home_visited(file_id, **IN_A),
        economic_checked(file_id, **BY_ZHAO),
        notice_posted(file_id, **IN_A, last_on=DAY),
        ObjectionReceived(file_id=file_id, objection_id="a", person_id=person_id, content=SEALED, **IN_A),
        ObjectionDecided(
            file_id=file_id,
            objection_id="a",
            person_id=person_id,
            upheld=False,
            reason=SEALED,
            decided_by="zhao",
            **IN_A,
        ),
        file_approved(file_id, **IN_A, person_id=person_id),
    ]


FILES = [
    *approved("a", "a", HOUSEHOLD),
    file_revised("a", **BY_ZHAO, person_id="a", members=HOUSEHOLD, to_be_confirmed=True),
    RevisionConfirmed(file_id="a", reviewer_id="sun", **IN_A),
    *approved("c", "c", OTHER_HOUSEHOLD),
    FileClosed(
        file_id="c",
        person_id="c",
        outcome="exited",
        cause="income_above_line",
        hardship_cause="own_illness",
        **IN_A,
    ),
    file_opened("b", **BY_ZHAO, person_id="c", members=OTHER_HOUSEHOLD),
    file_submitted("b", **BY_ZHAO),
    FileReturned(file_id="b", person_id="c", step="draft", reason=SEALED, returned_by="sun", **IN_A),
    file_revised("b", **BY_ZHAO, person_id="c", members=OTHER_HOUSEHOLD, hardship_cause="schooling"),
    FileWithdrawn(file_id="b", person_id="c", reason=SEALED, **IN_A),
    FileReopened(file_id="b", person_id="c", **BY_ZHAO),
    file_submitted("b", **BY_ZHAO),
    FileRefused(file_id="b", person_id="c", reason=SEALED, basis="第四条", refused_by="sun", **IN_A),
    FileReopened(file_id="b", person_id="c", **BY_ZHAO),
]
SMALL: dict[str, Any] = {"amount_fen": 4, "effective_on": DAY}
OF_A = {"organisation_id": "a", "campaign_id": "a", "file_id": "a", "person_id": "a", **SMALL}
COUNTED: dict[str, Any] = {"person_id": "a", "counted_for": ("a", "b")}
PROPOSED = OF_A | {"budget_id": "a", "household_person_ids": ("a", "b"), "proposed_by": "zhao"}
MONEY = [
    budget_allocated("a", organisation_id="a", amount_fen=40, year=2001, effective_on=DAY),
    campaign_opened(
        "a",
        organisation_id="a",
        budget_id="a",
        season_year=2001,
        amount_fen=4,
        opens_on=DAY,
        closes_on=date(2025, 12, 31),
        effective_on=DAY,
    ),
    student_campaign("b", **IN_A, budget_id="b", opens_on=DAY, closes_on=DAY),
    CampaignClosed(campaign_id="b", **IN_A),
    grant_proposed("a", **PROPOSED),
    budget_reserved("a", **SMALL, grant_id="a"),
    household_aided("a", **SMALL, grant_id="a", **COUNTED),
    grant_approved("a", **OF_A, budget_id="a"),
    budget_committed("a", **SMALL, grant_id="a"),
    budget_spent("a", **SMALL, grant_id="a"),
    budget_restored("a", **SMALL, grant_id="a"),
    GrantWithdrawn(grant_id="a", programme="winter_warmth", reason=SEALED, withdrawn_by="zhao", **OF_A),
    budget_released("a", **SMALL, grant_id="a", stage="committed"),
    household_aid_released("a", **SMALL, grant_id="a", **COUNTED),
    grant_proposed("b", **PROPOSED),
    budget_reserved("a", **SMALL, grant_id="b"),
    household_aided("a", **SMALL, grant_id="b", **COUNTED),
    GrantRefused(
        grant_id="b",
        programme="winter_warmth",
        cause="other",
        reason=SEALED,
        refused_by="sun",
        **OF_A,
    ),
    budget_released("a", **SMALL, grant_id="b"),
    household_aid_released("a", **SMALL, grant_id="b", **COUNTED),
]
GOODS = [
    GoodsReceived(
        item_id="a",
        name="米",
        unit="袋",
        unit_value_fen=30,
        quantity=20,
        source="donation",
        document_no="first",
        **IN_A,
    ),
    GoodsIssued(
        issue_id="a",
        item_id="a",
        file_id="a",
        person_id="a",
        proxy_relation=None,
        quantity=2,
        unit_value_fen=30,
        value_fen=60,
        source="donation",
        issued_by="zhao",
        witness_id="sun",
        **IN_A,
    ),
    StockTaken(item_id="a", issue_id="a", quantity=2, effective_on=DAY),
    GoodsReturned(
        issue_id="a",
        item_id="a",
        file_id="a",
        quantity=1,
        value_fen=30,
        returned_to="zhao",
        **IN_A,
    ),
    StockPutBack(item_id="a", issue_id="a", quantity=1, effective_on=DAY),
]

GRANT_TO_PAY = [
    grant_proposed("c", **PROPOSED),
    budget_reserved("a", **SMALL, grant_id="c"),
    household_aided("a", **SMALL, grant_id="c", **COUNTED),
    grant_approved("c", **OF_A, budget_id="a"),
    budget_committed("a", **SMALL, grant_id="c"),
]

HISTORY = [*FILES, *MONEY, *GOODS, *GRANT_TO_PAY, *every_event()]
