"""The commands of an aid grant."""

from datetime import date

from services.assistance.events.grant import RefusingCause
from shared.rules.message import message
from shared.rules.personal import Personal, PublicText


@message
class ProposeGrant:
    """``person_id`` is the beneficiary; the amount follows from the campaign or the table of stages."""

    grant_id: str
    organisation_id: str
    campaign_id: str
    file_id: str
    person_id: str
    proposed_on: date


@message
class ApproveGrant:
    grant_id: str
    organisation_id: str
    approved_on: date
    minutes: PublicText | None = None


@message
class RefuseGrant:
    """``person_id`` is the beneficiary, whose key seals the reason."""

    grant_id: str
    organisation_id: str
    person_id: str
    cause: RefusingCause
    reason: Personal[str]
    refused_on: date


@message
class WithdrawGrant:
    """Before money is on its way, whether approved or not."""

    grant_id: str
    organisation_id: str
    person_id: str
    reason: Personal[str]
    withdrawn_on: date


GrantCommand = ProposeGrant | ApproveGrant | RefuseGrant | WithdrawGrant
