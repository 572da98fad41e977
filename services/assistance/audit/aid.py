"""Laws of files, campaigns and grants: who decides, when, for whom, and up to which cap."""

from collections import Counter
from datetime import date

from services.assistance.aggregates.budget import budget
from services.assistance.aggregates.goods_item import goods_item
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.relief_campaign import relief_campaign
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.campaign import CampaignOpened
from services.assistance.events.file import (
    FileApproved,
    HouseholdAided,
    HouseholdAidReleased,
    RevisionConfirmed,
)
from services.assistance.events.grant import GrantProposed
from services.assistance.parameters import (
    LIVING_AID_CAP_MONTHS,
    MINIMUM_LIVING_STANDARD,
    STUDENT_AID_CAP_MONTHS,
)
from shared.rules.parameter import Parameter
from shared.rules.policy_parameter import PolicyParameter, policy_parameter
from shared.runtime.replaying import Step, Watch
from shared.standards.money import format_yuan


def two_persons_decide() -> Watch:
    """Of a file: approver, reviewers and caseworkers; of a grant: who proposed it and who approved it.

    A household that changed is confirmed by none of the caseworkers.
    """

    def watch(step: Step) -> str | None:
        match step.event:
            case FileApproved():
                others = {*step.before.caseworkers, *step.before.reviewers}
                return f"file {step.event.file_id}" if step.actor.person_id in others else None
            case RevisionConfirmed():
                is_caseworker = step.actor.person_id in step.before.caseworkers
                return f"file {step.event.file_id}" if is_caseworker else None
            case _:
                proposal = step.before.proposal
                others = {step.event.person_id, proposal and proposal.proposed_by}
                return f"grant {step.event.grant_id}" if step.actor.person_id in others else None

    return watch


def notice_is_served() -> Watch:
    """Before a file is approved, and before any money leaves for its household."""

    def watch(step: Step) -> str | None:
        event = step.event
        file = step.before if isinstance(event, FileApproved) else step.state(hardship_file, event.file_id)
        last_on: date | None = file.notice_last_on
        served = last_on is not None and event.effective_on > last_on and not file.open_objections
        return None if served else f"file {event.file_id}"

    return watch


def caps_hold() -> Watch:
    """The sum of each person's year over all files against the cap in force on the day of the decision.

    Living aid is everybody's who stands in the household's file then, student aid the student's.
    """
    sums: Counter[tuple[str, int, str]] = Counter()
    grants: dict[str, list[tuple[str, int, str]]] = {}

    def watch(step: Step) -> str | None:
        event: HouseholdAided | HouseholdAidReleased = step.event
        if isinstance(event, HouseholdAidReleased):
            sums.subtract(dict.fromkeys(grants.pop(event.grant_id, ()), event.amount_fen))
            return None
        months = LIVING_AID_CAP_MONTHS if event.kind == "living_aid" else STUDENT_AID_CAP_MONTHS
        cap_fen = in_force(step, months) * in_force(step, MINIMUM_LIVING_STANDARD)
        household = [each.person_id for each in step.before.members]
        persons = household if event.kind == "living_aid" else [event.person_id]
        years = grants[event.grant_id] = [(event.kind, event.year, each) for each in persons]
        sums.update(dict.fromkeys(years, event.amount_fen))
        over = [each for each in years if sums[each] > cap_fen]
        if not over:
            return None
        aided_fen, most = max((sums[each], each) for each in over)
        return f"person {most[2]}: {format_yuan(aided_fen)} of {format_yuan(cap_fen)} yuan in {most[1]}"

    return watch


def in_force(step: Step, parameter: Parameter[int]) -> int:
    """A parameter's value on the day from which an event is true; 0 where no value of use is in force."""
    setting: PolicyParameter = step.state(policy_parameter, parameter.key)
    found = setting.in_force(step.event.effective_on)
    return int(found[1]) if found and parameter.takes(found[1]) else 0


def scope_holds() -> Watch:
    """Budgets, campaigns and goods serve their own organisation and those below it (design, section 9)."""

    def watch(step: Step) -> str | None:
        event = step.event
        match event:
            case CampaignOpened():
                line = step.state(budget, event.budget_id).line
                owner_ids, user_id = {line and line.organisation_id}, event.organisation_id
            case GrantProposed():
                line = step.state(budget, event.budget_id).line
                opening = step.state(relief_campaign, event.campaign_id).opening
                owner_ids = {each and each.organisation_id for each in (line, opening)}
                user_id = event.organisation_id
            case _:
                goods = step.state(goods_item, event.item_id).goods
                owner_ids = {goods and goods.organisation_id, event.organisation_id}
                user_id = step.state(hardship_file, event.file_id).organisation_id
        above = step.facts.get(ORGANISATIONS_ABOVE)
        foreign = owner_ids - {user_id, *(above.value or () if above else ())}
        return f"{user_id} used what is of {min(map(str, foreign))}" if foreign else None

    return watch
