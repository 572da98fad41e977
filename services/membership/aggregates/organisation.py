"""Union organisations: founded under one that may stand above, with its approval; renamed and corrected."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import assert_never

from services.membership.events import Level, OrganisationChanged, OrganisationFounded, OrganisationKind
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
UNKNOWN = Refusal(
    "organisation.unknown", zh="该工会组织尚未建会", en="this organisation has not been founded"
)
CHANGED_BEFORE_FOUNDING = Refusal(
    "organisation.changed_before_founding",
    zh="变更日期不能早于建会日期",
    en="nothing about an organisation changes before it was founded",
)
CHANGED_SINCE = Refusal(
    "organisation.changed_since",
    zh="该工会组织在此日期之后已有变更",
    en="this organisation has been changed as of a later day",
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
class ChangeOrganisation:
    """What is None stays as it is. Kind, level, parent and day of founding do not change in this way.

    ``basis`` is the document on which the organisation was founded.
    """

    organisation_id: str
    changed_on: date
    name: Text | None = None
    credit_code: CreditCode | None = None
    basis: Text | None = None


Command = FoundOrganisation | ChangeOrganisation
Event = OrganisationFounded | OrganisationChanged


@message
class Organisation:
    """``founding`` tells what holds now: changes are worked into it."""

    founding: OrganisationFounded | None = None
    changed_on: date | None = None

    @property
    def holds_members(self) -> bool:
        return self.founding is not None and self.founding.kind in HOLDS_MEMBERS


def decide(command: Command, state: Organisation, context: Context) -> list[Event]:
    match command:
        case FoundOrganisation():
            return found(command, state, context)
        case ChangeOrganisation():
            return change(command, state)
        case _:
            assert_never(command)


def found(command: FoundOrganisation, state: Organisation, context: Context) -> list[Event]:
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


def change(command: ChangeOrganisation, state: Organisation) -> list[Event]:
    """Source: handbook, membership 6 (a corrected file changes) and 7 (found by any former name)."""
    if (known := state.founding) is None:
        raise UNKNOWN(field="organisation_id")
    if command.changed_on < known.effective_on:
        raise CHANGED_BEFORE_FOUNDING(field="changed_on")
    if state.changed_on is not None and command.changed_on < state.changed_on:
        raise CHANGED_SINCE(field="changed_on")
    changed = OrganisationChanged(
        organisation_id=command.organisation_id,
        name=None if command.name == known.name else command.name,
        credit_code=None if command.credit_code == known.credit_code else command.credit_code,
        basis=None if command.basis == known.basis else command.basis,
        effective_on=command.changed_on,
    )
    told = (changed.name, changed.credit_code, changed.basis)
    return [changed] if any(each is not None for each in told) else []


def evolve(state: Organisation, event: Event) -> Organisation:
    match event:
        case OrganisationFounded():
            return Organisation(founding=event)
        case OrganisationChanged():
            if (known := state.founding) is None:
                return state
            now = replace(
                known,
                name=event.name or known.name,
                credit_code=event.credit_code or known.credit_code,
                basis=event.basis or known.basis,
            )
            return Organisation(founding=now, changed_on=event.effective_on)
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
    Command,
    Event,
    Organisation(),
    decide,
    evolve,
    unique_keys,
)
