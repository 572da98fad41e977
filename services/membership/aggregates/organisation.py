"""Union organisations: each founded under one that may stand above it, with that one's approval."""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from services.membership.events import Level, OrganisationFounded, OrganisationKind
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.refusal import Refusal
from shared.standards.credit_code import CreditCode
from shared.standards.text import Text

ALREADY_FOUNDED = Refusal(
    "organisation.already_founded",
    zh="该工会组织已建会，登记内容不同",
    en="this organisation has been founded already, with other particulars",
)
NAME_TAKEN = Refusal(
    "organisation.name_taken",
    zh="上级工会之下已有同名组织",
    en="an organisation of this name stands under the same parent",
)
CREDIT_CODE_TAKEN = Refusal(
    "organisation.credit_code_taken",
    zh="该统一社会信用代码已登记",
    en="this unified social credit code is registered already",
)
PARENT_UNKNOWN = Refusal(
    "organisation.parent_unknown", zh="上一级工会不存在", en="the parent organisation does not exist"
)
PARENT_MISSING = Refusal(
    "organisation.parent_missing",
    zh="只有总工会可以没有上一级工会",
    en="only a federation may stand without a parent",
)
KIND_UNDER_PARENT = Refusal(
    "organisation.kind_under_parent",
    zh="该类组织不能建在这一上级工会之下",
    en="an organisation of this kind cannot stand under this parent",
)
LEVEL_UNDER_PARENT = Refusal(
    "organisation.level_under_parent",
    zh="组织层级须低于上一级工会（第{parent_level}级）",
    en="its level must lie below the parent's level {parent_level}",
)
BEFORE_PARENT = Refusal(
    "organisation.before_parent",
    zh="建会日期不能早于上一级工会的建会日期",
    en="an organisation cannot be founded before its parent",
)

UNION_PARENTS = frozenset({"federation", "basic_union_federation", "basic_union"})
MAY_STAND_UNDER: Mapping[OrganisationKind, frozenset[str]] = {
    "federation": frozenset({"federation"}),
    "basic_union_federation": frozenset({"federation", "basic_union_federation"}),
    "basic_union": UNION_PARENTS,
    "joint_basic_union": UNION_PARENTS,
    "organiser": UNION_PARENTS,
    "branch": frozenset({"basic_union", "joint_basic_union", "branch"}),
    "group": frozenset({"basic_union", "joint_basic_union", "branch"}),
}
HOLDS_MEMBERS = frozenset({"basic_union", "joint_basic_union", "organiser"})


@message
class FoundOrganisation:
    organisation_id: str
    name: Text
    kind: OrganisationKind
    level: Level
    founded_on: date
    basis: Text
    parent_id: str | None = None
    credit_code: CreditCode | None = None


@message
class Organisation:
    founding: OrganisationFounded | None = None

    @property
    def holds_members(self) -> bool:
        return self.founding is not None and self.founding.kind in HOLDS_MEMBERS


def decide(command: FoundOrganisation, state: Organisation, context: Context) -> list[OrganisationFounded]:
    """Source: 工会法 art. 12 (approval by the next higher union); kinds: handbook, membership 1.1."""
    founded = OrganisationFounded(
        organisation_id=command.organisation_id,
        name=command.name,
        kind=command.kind,
        level=command.level,
        parent_id=command.parent_id,
        credit_code=command.credit_code,
        effective_on=command.founded_on,
        basis=command.basis,
    )
    if state.founding is not None:
        if state.founding == founded:
            return []
        raise ALREADY_FOUNDED(field="organisation_id")
    if command.parent_id is None:
        if command.kind != "federation":
            raise PARENT_MISSING(field="parent_id")
        return [founded]
    check_parent(command, context.state(organisation, command.parent_id))
    return [founded]


def check_parent(command: FoundOrganisation, parent: Organisation) -> None:
    """Raises the refusal that the place under a parent calls for, if any."""
    if parent.founding is None:
        raise PARENT_UNKNOWN(field="parent_id")
    if parent.founding.kind not in MAY_STAND_UNDER[command.kind]:
        raise KIND_UNDER_PARENT(field="kind")
    if command.level <= parent.founding.level:
        raise LEVEL_UNDER_PARENT(field="level", parent_level=parent.founding.level)
    if command.founded_on < parent.founding.effective_on:
        raise BEFORE_PARENT(field="founded_on")


def evolve(state: Organisation, event: OrganisationFounded) -> Organisation:
    match event:
        case OrganisationFounded():
            return Organisation(founding=event)
        case _:
            assert_never(event)


def unique_keys(state: Organisation) -> Mapping[str, Refusal]:
    if (founding := state.founding) is None:
        return {}
    keys = {f"organisation_name/{founding.parent_id or ''}/{founding.name}": NAME_TAKEN}
    if founding.credit_code is not None:
        keys[f"organisation_credit_code/{founding.credit_code}"] = CREDIT_CODE_TAKEN
    return keys


organisation = Decider(
    "organisation",
    "organisation_id",
    FoundOrganisation,
    OrganisationFounded,
    Organisation(),
    decide,
    evolve,
    unique_keys,
)
