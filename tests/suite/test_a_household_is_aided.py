"""A household goes from the draft to an approved grant, by calls as people in the office make them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.district import FEDERATION, union_of
from demo.typed import typed
from services.assistance.parameters import ALL
from shared.bus import embedded
from shared.rules.policy_parameter import SetParameter
from shared.runtime.calls import RefusedCall
from shared.runtime.process_settings import ProcessSettings
from shared.runtime.together import Together
from tests.runtime.suite import await_true, calling, person_given, suite_settings
from tests.suite.joining import found_district

BUS = "embedded://aided"
DISTRICT, FACTORY = FEDERATION, union_of(1)
IN_FACTORY = {"organisation_id": FACTORY}
STOP_SECONDS_MAX = 10


def parameters() -> list[dict[str, Any]]:
    """Assistance's shipped parameters, those of other regions left out, as an administrator types them."""
    return [
        typed(
            SetParameter(
                key=parameter.key,
                value=dated.value,
                unit=parameter.unit,
                region=dated.region,
                effective_from=dated.effective_from,
                document_no=dated.document_no,
                sureness=dated.sureness,
            )
        )
        for parameter in ALL
        for dated in parameter.shipped
        if dated.region != "CN-37"
    ]


def household(applicant: str, child: str) -> dict[str, Any]:
    """What a clerk types about Zhang's household."""
    members = [
        {"person_id": applicant, "name": "张小明", "relation": "self"},
        {"person_id": child, "name": "张晓", "relation": "son", "education_stage": "junior_secondary"},
    ]
    return {
        "person_id": applicant,
        "applicant_sex": "male",
        "members": members,
        "single_parent": True,
        "migrant_worker": False,
        "hardship_cause": "own_illness",
        "diagnosis": "终末期肾病",
        "opened_on": "2015-01-12",
    }


def refused(code: str, call: Any, **arguments: Any) -> None:
    with pytest.raises(RefusedCall) as told:
        call(**arguments)
    assert told.value.code == code, told.value


def test_a_household_goes_from_the_draft_to_an_approved_grant(tmp_path: Path) -> None:
    together = Together(
        {service: replace(each, bus_url=BUS) for service, each in suite_settings(tmp_path).items()},
        ProcessSettings(),
    )
    together.start()
    await_true(lambda: together.reasons() == [])

    with (
        calling(BUS, tmp_path) as administrator,
        calling(BUS, tmp_path, "clerk", person_id="wang") as clerk,
        calling(BUS, tmp_path, "reviewer", person_id="zhao") as reviewer,
        calling(BUS, tmp_path, "approver", person_id="sun") as approver,
    ):
        answers = administrator.assistance.set_parameter_many(rows=parameters())
        assert not any("refused" in answer for answer in answers)
        found_district(administrator)
        file = file_on_file(clerk, reviewer, approver)
        grant = approved_grant(clerk, approver, file)

        # Sent again each call is harmless, and nobody is aided twice.
        again = clerk.assistance.propose_grant(**grant)
        assert again["streams"] == {}
        refused("aid_grant.household_aided", clerk.assistance.propose_grant, **grant | {"grant_id": "2"})

    assert together.stop(STOP_SECONDS_MAX)
    embedded.drop("aided")


def file_on_file(clerk: Any, reviewer: Any, approver: Any) -> dict[str, Any]:
    """File and applicant, when all steps were taken."""
    applicant, child = (
        clerk.membership.identify_person(**person_given(index))["person_id"] for index in (1, 2)
    )
    opened = clerk.assistance.open_file(**household(applicant, child), **IN_FACTORY)
    (stream,) = opened["streams"]
    file = {"file_id": stream.partition("/")[2]} | IN_FACTORY
    here = clerk.assistance
    here.record_payee_account(
        **file,
        person_id=applicant,
        account_number="6200 0000 0000 0005",
        holder_name="张小明",
        recorded_on="2015-01-12",
    )
    proofs = ["application_form", "identity_documents", "household_book", "income_proof"]
    refused(
        "hardship_file.proofs_missing", here.submit_file, **file, proofs=proofs, submitted_on="2015-01-14"
    )
    here.submit_file(**file, proofs=[*proofs, "diagnosis"], submitted_on="2015-01-14")
    refused("access.role", here.review_file, **file, reviewed_on="2015-01-15")
    reviewer.assistance.review_file(**file, reviewed_on="2015-01-15")
    here.record_home_visit(
        **file,
        visitor_ids=["wang", "zhou"],
        authorisation_signed=True,
        notice_consented=True,
        authorised_until="2015-12-31",
        visited_on="2015-01-19",
    )
    here.record_economic_check(
        **file,
        findings={
            "household_size": 2,
            "annual_disposable_income_fen": 3_000_000,
            "rigid_expenditure_fen": 2_000_000,
        },
        document_no="核对〔2015〕3号",
        checked_on="2015-02-09",
    )
    here.post_notice(**file, medium="notice_board", place="厂门口公告栏", posted_on="2015-02-12")
    refused("hardship_file.notice_runs", approver.assistance.approve_file, **file, approved_on="2015-02-25")
    approver.assistance.approve_file(**file, approved_on="2015-02-26")
    return file | {"person_id": applicant}


def approved_grant(clerk: Any, approver: Any, file: dict[str, Any]) -> dict[str, Any]:
    """What was typed to propose a grant that was approved then."""
    of_district = {"organisation_id": DISTRICT, "budget_id": "winter", "programme": "winter_warmth"}
    approver.assistance.allocate_budget(
        **of_district,
        fund_source="union_funds",
        year=2015,
        document_no="门工发〔2015〕1号",
        amount_fen=250_000,
        allocated_on="2015-01-05",
    )
    approver.assistance.open_campaign(
        **of_district,
        campaign_id="winter",
        name="2015年两节送温暖",
        season_year=2015,
        amount_fen=100_000,
        opens_on="2015-01-05",
        closes_on="2015-03-05",
        decided_on="2015-01-05",
    )
    grant = file | {"grant_id": "1", "campaign_id": "winter", "proposed_on": "2015-02-27"}
    proposed = clerk.assistance.propose_grant(**grant)
    assert set(proposed["streams"]) == {"aid_grant/1", "budget/winter", f"hardship_file/{file['file_id']}"}
    deciding = {"grant_id": "1", "approved_on": "2015-02-28"} | IN_FACTORY
    refused("access.role", clerk.assistance.approve_grant, **deciding)
    approved = approver.assistance.approve_grant(**deciding)
    assert set(approved["streams"]) == {"aid_grant/1", "budget/winter"}
    return grant
