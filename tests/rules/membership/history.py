"""A short valid history of membership that holds every event, for laws that hold for all histories.

The identities are a, b and c, so that commands made by chance meet in these streams.
"""

from services.membership.events import DocumentSeen
from tests.rules.membership.people_and_unions import (
    DISTRICT_FOUNDED_ON,
    member_changed,
    member_joined,
    organisation_changed,
    organisation_founded,
    person_registered,
    person_registered_by_hand,
)

HISTORY = [
    organisation_founded("a", effective_on=DISTRICT_FOUNDED_ON),
    organisation_founded("b", kind="basic_union", level=7, parent_id="a"),
    organisation_changed("b", name="永定机械公司工会"),
    person_registered("a"),
    person_registered("b"),
    person_registered_by_hand("c", organisation_id="b"),
    DocumentSeen(person_id="c", seen_by="li"),
    member_joined("a", person_id="a", organisation_id="b"),
    member_changed("a", person_id="a", organisation_id="b", employment_status="retired"),
]
