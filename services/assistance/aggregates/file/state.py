"""The state of a hardship file."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import Literal

from services.assistance.events.file import (
    AidKind,
    ClosingCause,
    EconomicFindings,
    EducationStage,
    FileOpened,
    FileSubmitted,
    HardshipCause,
    HardshipClass,
    HouseholdMember,
    Outcome,
    Relation,
    Sex,
    Step,
)
from shared.rules.message import message
from shared.rules.personal import Personal
from shared.standards.bank_card import BankCardNumber
from shared.standards.person_name import PersonName

Status = Literal["none", "on_file", "revised", "refused", "withdrawn"] | Step | Outcome
STEPS: tuple[Step, ...] = (
    "draft",
    "submitted",
    "first_review",
    "home_visit",
    "economic_check",
    "public_notice",
)
STATUS_ZH: Mapping[Status, str] = {
    "none": "未建档",
    "draft": "草稿",
    "submitted": "已提交",
    "first_review": "已初审",
    "home_visit": "已入户",
    "economic_check": "已核对",
    "public_notice": "公示中",
    "on_file": "在档",
    "revised": "在档，家庭变更待确认",
    "exited": "脱困",
    "relieved": "解困",
    "closed": "退档",
    "refused": "驳回",
    "withdrawn": "撤回",
}


CLOSING_CAUSE_ZH: Mapping[ClosingCause, str] = {
    "income_above_line": "收入超过标准",
    "state_support": "纳入国家保障",
    "died": "死亡",
    "moved": "迁出",
    "retired": "退休",
    "misidentified": "认定有误",
    "retracted_by_check": "经核查取消",
    "other": "其他",
}


@message
class Member:
    """One of the household, without the name."""

    person_id: str
    relation: Relation
    education_stage: EducationStage | None


@message
class Opening:
    """What a file was opened with, without what is personal and without who did it."""

    organisation_id: str
    person_id: str
    applicant_sex: Sex
    members: tuple[Member, ...]
    single_parent: bool
    migrant_worker: bool
    hardship_cause: HardshipCause
    further_causes: tuple[HardshipCause, ...]
    opened_on: date


@message
class PayeeAccount:
    """``person_id`` is the holder; ``version`` counts a file's accounts from 1."""

    person_id: str
    account_number: Personal[BankCardNumber]
    holder_name: Personal[PersonName]
    version: int


@message
class HardshipFile:
    """Where a household's file stands.

    Args:
        opening, submission: by which a command that is sent again is known.
        person_id: the applicant.
        caseworkers, reviewers: all who have ever written in the file, or passed it at a review, also before
            it was sent back, or closed and opened again; ``reviewer_id`` is the last of them.
        last_step_on: the day of the last step; none goes behind it.
        notice_last_on: the notice's last day.
        open_objections: those not decided.
        hardship_class, approved_on: of the last approval.
        account: where aid is paid to; ``accounts``: how many have been recorded, those before included.
        version: of the stream; ``changed_at``: the one it had after the last event that was not aid counted,
            so that another grant's proposal does not pass for a change of the household.
        aided: what counts towards caps, in fen, by ``aid_key``; what came to nothing stands there no more.
    """

    status: Status = "none"
    opening: Opening | None = None
    submission: FileSubmitted | None = None
    organisation_id: str = ""
    person_id: str = ""
    applicant_sex: Sex | None = None
    members: tuple[Member, ...] = ()
    single_parent: bool = False
    migrant_worker: bool = False
    hardship_cause: HardshipCause = "other"
    caseworkers: frozenset[str] = frozenset()
    reviewers: frozenset[str] = frozenset()
    reviewer_id: str | None = None
    approver_id: str | None = None
    last_step_on: date = date.min
    authorised_until: date | None = None
    findings: EconomicFindings | None = None
    notice_last_on: date | None = None
    open_objections: frozenset[str] = frozenset()
    hardship_class: HardshipClass | None = None
    approved_on: date | None = None
    account: PayeeAccount | None = None
    accounts: int = 0
    version: int = 0
    changed_at: int = 0
    aided: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.status in STEPS or self.status in ("on_file", "revised")

    def is_on_file(self, day: date) -> bool:
        """Whether aid may be decided on a day: the file is on file, and was approved by then."""
        return self.status == "on_file" and self.approved_on is not None and self.approved_on <= day

    def member(self, person_id: str) -> Member | None:
        return next((each for each in self.members if each.person_id == person_id), None)

    def aided_fen(self, kind: AidKind, person_id: str, year: int) -> int:
        return self.aided.get(aid_key(kind, person_id, year), 0)


def members_of(members: Sequence[HouseholdMember]) -> tuple[Member, ...]:
    return tuple(
        Member(person_id=each.person_id, relation=each.relation, education_stage=each.education_stage)
        for each in members
    )


def opening_of(event: FileOpened) -> Opening:
    return Opening(
        organisation_id=event.organisation_id,
        person_id=event.person_id,
        applicant_sex=event.applicant_sex,
        members=members_of(event.members),
        single_parent=event.single_parent,
        migrant_worker=event.migrant_worker,
        hardship_cause=event.hardship_cause,
        further_causes=event.further_causes,
        opened_on=event.effective_on,
    )


def aid_key(kind: AidKind, person_id: str, year: int) -> str:
    """What a cap is about: a person's year, so that it does not begin anew in another household's file."""
    return f"{kind}/{year}/{person_id}"
