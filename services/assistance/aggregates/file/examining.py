"""Examining a household: first review, home visit, economic check."""

from services.assistance.aggregates.file.checks import check_day, check_status
from services.assistance.aggregates.file.commands import RecordEconomicCheck, RecordHomeVisit, ReviewFile
from services.assistance.aggregates.file.evolving import FileEvent
from services.assistance.aggregates.file.refusals import (
    AUTHORISATION_EXPIRED,
    FINDINGS,
    NOT_AUTHORISED,
    NOTICE_NOT_CONSENTED,
    REVIEWER_IS_CASEWORKER,
    VISITOR_OF_HOUSEHOLD,
    VISITORS,
)
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.events.file import (
    EconomicChecked,
    EconomicFindings,
    FileReviewed,
    HomeVisited,
    RevisionConfirmed,
)
from shared.rules.context import Context

VISITORS_LEAST = 2
"""A visit alone is no visit (published procedure of 2020); the law of the two is not a figure of policy."""


def review_file(command: ReviewFile, file: HardshipFile, context: Context) -> list[FileEvent]:
    """The first review, or that of a changed household: who is not satisfied returns the file.

    Source: handbook, assistance 1.4 and 6: the reviewer is no caseworker and not of the household.
    """
    if file.status in ("first_review", "on_file") and file.reviewer_id == context.actor_id:
        return []
    check_status(file, "submitted", "revised")
    check_day(file, command.reviewed_on, "reviewed_on")
    if context.actor_id in file.caseworkers:
        raise REVIEWER_IS_CASEWORKER()
    passed = RevisionConfirmed if file.status == "revised" else FileReviewed
    return [
        passed(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            reviewer_id=context.actor_id,
            effective_on=command.reviewed_on,
        )
    ]


def record_home_visit(command: RecordHomeVisit, file: HardshipFile, context: Context) -> list[FileEvent]:
    """Source: handbook, assistance 1.4; consents: 个人信息保护法 arts. 25, 28 to 31."""
    check_status(file, "first_review")
    check_day(file, command.visited_on, "visited_on")
    visitors = set(command.visitor_ids)
    if len(visitors) < VISITORS_LEAST or visitors <= file.caseworkers:
        raise VISITORS(field="visitor_ids")
    if any(file.member(each) is not None for each in visitors):
        raise VISITOR_OF_HOUSEHOLD(field="visitor_ids")
    if not command.authorisation_signed:
        raise NOT_AUTHORISED(field="authorisation_signed")
    if not command.notice_consented:
        raise NOTICE_NOT_CONSENTED(field="notice_consented")
    return [
        HomeVisited(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            visitor_ids=command.visitor_ids,
            authorised_until=command.authorised_until,
            effective_on=command.visited_on,
        )
    ]


def record_economic_check(
    command: RecordEconomicCheck, file: HardshipFile, context: Context
) -> list[FileEvent]:
    """Source: handbook, assistance 1.4: a signed authorisation that has not expired."""
    check_status(file, "home_visit", "economic_check")
    if file.status == "economic_check" and file.findings == command.findings:
        return []
    check_day(file, command.checked_on, "checked_on")
    until = file.authorised_until
    if until is None or command.checked_on > until:
        raise AUTHORISATION_EXPIRED(field="checked_on", until=until)
    check_findings(command.findings)
    return [
        EconomicChecked(
            file_id=command.file_id,
            organisation_id=command.organisation_id,
            findings=command.findings,
            document_no=command.document_no,
            caseworker_id=context.actor_id,
            effective_on=command.checked_on,
        )
    ]


def check_findings(findings: EconomicFindings) -> None:
    """Unknown income and a household of nobody may be recorded; approval then refuses to decide."""
    amounts = (
        findings.household_size,
        findings.annual_disposable_income_fen or 0,
        findings.rigid_expenditure_fen,
        findings.hardship_cost_fen,
    )
    if min(amounts) < 0:
        raise FINDINGS(field="findings")
