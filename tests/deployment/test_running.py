"""The composition's own commands, rights and settings run the suite: members join, a household is paid."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from demo.bank_double import BankDouble, result_file
from demo.district import organisations
from demo.typed import typed
from shared.runtime.calls import RefusedCall
from tests.deployment.composition import Deployment
from tests.runtime.suite import person_given
from tests.suite.test_a_household_is_aided import FACTORY, approved_grant, file_on_file, parameters


def test_a_member_who_joins_is_counted(calling: Callable[..., Any]) -> None:
    with calling("wang") as caller:
        federation = {"organisation_id": "federation-1", "kind": "federation", "level": 4}
        union = {"organisation_id": "union-1", "kind": "basic_union", "level": 7, "parent_id": "federation-1"}
        for given in (federation, union):
            caller.membership.found_organisation(
                **given, name="永定机械厂工会", founded_on="2001-01-01", basis="批复1号"
            )
        caller.membership.set_parameter(
            key="member.joining_age_years",
            value=16,
            unit="years",
            region="CN",
            effective_from="1995-01-01",
            document_no="劳动法第十五条",
            sureness="sample",
        )
        someone = person_given(1)
        caller.membership.join_member(
            identity_number=someone["identity_number"],
            name=someone["name"],
            organisation_id="union-1",
            mobile="13800138000",
            employment_status="on_post",
            occupation_group="none",
            migrant_worker=False,
            consent_version="1",
            joined_on="2016-01-01",
        )
        deadline = time.monotonic() + 20
        while "'members': 1" not in str(caller.reporting.member_count()):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_household_is_paid_by_files_in_the_bank_s_volume(
    running: Deployment, calling: Callable[..., Any]
) -> None:
    people = {"wang": "clerk", "zhao": "reviewer", "sun": "approver", "feng": "cashier"}
    here = {"batch_id": "batch-1", "organisation_id": FACTORY}
    bank = running.files / "bank"
    with ExitStack() as opened:
        clerk, reviewer, approver, cashier = (opened.enter_context(calling(*each)) for each in people.items())
        administrator = opened.enter_context(calling("li", "administrator"))
        clerk.membership.found_organisation_many(rows=[typed(each) for each in organisations()])
        administrator.assistance.set_parameter_many(rows=parameters())
        approved_grant(clerk, approver, file_on_file(clerk, reviewer, approver))

        clerk.assistance.open_batch(**here, opened_on="2015-03-02")
        clerk.assistance.add_lines(**here, grant_ids=["1"], prepared_on="2015-03-02")
        known = clerk.assistance.lock_batch(**here, locked_on="2015-03-02")
        at_least = {name: known[name] for name in ("source", "epoch", "position")}
        seen = here | {"digest": await_query(reviewer.assistance.payment_batch, at_least, **here)["digest"]}
        reviewer.assistance.check_batch(**seen, checked_on="2015-03-02")
        approver.assistance.approve_batch(**seen, approved_on="2015-03-03")
        cashier.assistance.release_batch(**here, released_on="2015-03-03")
        name = cashier.assistance.write_bank_file(**here)["name"]

        double = BankDouble(bank / "books.db")
        batch_id = double.pay((bank / "out" / name).read_text(encoding="utf-8"), {})
        (bank / "in").mkdir()
        (bank / "in" / name).write_text(result_file(batch_id, double.results(batch_id)), encoding="utf-8")
        told = cashier.assistance.record_result_file(**here, name=name, answered_on="2015-03-04")
        double.close()

        at_least = {"source": "assistance", "epoch": known["epoch"], "position": told["position"]}
        paid = await_query(reviewer.assistance.payment_batch, at_least, **here)
        assert (told["rows"], paid["confirmed_fen"]) == (1, 100_000)


def await_query(query: Callable[..., Any], at_least: dict[str, Any], **arguments: Any) -> Any:
    """What a query answers once it knows what is asked for."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return query(**arguments, at_least=at_least)["answer"]
        except RefusedCall as refused:
            if refused.code != "query.not_yet" or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def test_preparing_a_store_again_after_its_service_ran_changes_nothing(running: Deployment) -> None:
    for name in ("membership", "reporting"):
        done = running.run(f"migrate-{name}")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_administrator_is_made_where_staffing_runs_and_calls_from_the_operators_shell(
    running: Deployment,
) -> None:
    made = running.run("staffing", "--json", "bootstrap", "wang", "--person-id", "person-1", "--generate")
    assert made.returncode == 0, made.stdout + made.stderr
    password = json.loads(made.stdout)["password"]

    for words, keyed in (
        ("login wang", f"{password}\n"),
        ("call staffing.open_login person_id=system:books name=books", ""),
        ("status", ""),
    ):
        done = running.run("shell", *words.split(), typed=keyed)
        assert done.returncode == 0, done.stdout + done.stderr
