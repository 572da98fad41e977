"""The rules of goods in kind: stock on documents, issues against signature, returns."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.assistance.aggregates.file.refusals import UNKNOWN as FILE_UNKNOWN
from services.assistance.aggregates.goods_issue import (
    ALREADY_ISSUED,
    BEFORE_ISSUE,
    FILE_OUT_OF_SCOPE,
    ISSUER_SIGNS,
    PROXY_MISSING,
    RETURNS_MORE,
    UNKNOWN,
    WITNESS,
    IssueGoods,
    ReturnGoods,
    goods_issue,
)
from services.assistance.aggregates.goods_item import (
    ANOTHER_ITEM,
    ANOTHER_ORGANISATION,
    DOCUMENT_MISSING,
    DOCUMENT_USED,
    QUANTITY,
    STOCK_SHORT,
    VALUE,
    ReceiveGoods,
    goods_item,
)
from services.assistance.aggregates.goods_item import UNKNOWN as ITEM_UNKNOWN
from services.assistance.aggregates.grant.refusals import FILE_NOT_ON_FILE, OWN_HOUSEHOLD
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.scope import ORGANISATIONS_ABOVE
from services.assistance.events.goods import (
    GoodsIssued,
    GoodsReceived,
    GoodsReturned,
    StockPutBack,
    StockTaken,
)
from tests.rules.assistance.grants import GRANTED_ON
from tests.rules.assistance.households import FACTORY, ON_FILE, POSTED
from tests.rules.rules import Rules, fold

RECEIVED = GoodsReceived(
    item_id="rice",
    organisation_id=FACTORY,
    name="东北大米",
    unit="袋",
    unit_value_fen=6_800,
    quantity=10,
    source="purchase",
    document_no="入库1号",
    effective_on=date(2024, 1, 5),
)
ISSUED = GoodsIssued(
    issue_id="1",
    organisation_id=FACTORY,
    item_id="rice",
    file_id="1",
    person_id="zhang",
    proxy_relation=None,
    quantity=2,
    unit_value_fen=6_800,
    value_fen=13_600,
    source="purchase",
    issued_by="wang",
    witness_id="zhao",
    effective_on=GRANTED_ON,
)
TAKEN = StockTaken(item_id="rice", issue_id="1", quantity=2, effective_on=GRANTED_ON)
RETURNED = GoodsReturned(
    issue_id="1",
    organisation_id=FACTORY,
    item_id="rice",
    file_id="1",
    quantity=1,
    value_fen=6_800,
    returned_to="wang",
    effective_on=GRANTED_ON,
)
PUT_BACK = StockPutBack(item_id="rice", issue_id="1", quantity=1, effective_on=GRANTED_ON)
items = Rules(goods_item)


def issues(file: Any = ON_FILE, stock: Any = (RECEIVED,)) -> Rules:
    others: dict[Any, Any] = {
        (goods_item, "rice"): list(stock),
        (hardship_file, "1"): list(file),
    }
    return Rules(goods_issue, others=others, facts={ORGANISATIONS_ABOVE: ["district"]})


def receipt(**changes: Any) -> ReceiveGoods:
    command = ReceiveGoods(
        item_id="rice",
        organisation_id=FACTORY,
        name="东北大米",
        unit="袋",
        unit_value_fen=6_800,
        quantity=10,
        source="purchase",
        document_no="入库1号",
        received_on=date(2024, 1, 5),
    )
    return replace(command, **changes)


def issue(**changes: Any) -> IssueGoods:
    command = IssueGoods(
        issue_id="1",
        organisation_id=FACTORY,
        item_id="rice",
        file_id="1",
        person_id="zhang",
        quantity=2,
        witness_id="zhao",
        signed_on=GRANTED_ON,
    )
    return replace(command, **changes)


def giving_back(quantity_in_all: int, **changes: Any) -> ReturnGoods:
    command = ReturnGoods(
        issue_id="1",
        organisation_id=FACTORY,
        quantity_in_all=quantity_in_all,
        returned_on=GRANTED_ON,
    )
    return replace(command, **changes)


def test_goods_come_in_on_a_document() -> None:
    items.given().when(receipt()).then(RECEIVED)
    items.given(RECEIVED).when(receipt()).then_nothing()
    items.given().when(receipt(document_no="")).then_refused(DOCUMENT_MISSING, field="document_no")
    items.given(RECEIVED).when(receipt(quantity=9)).then_refused(DOCUMENT_USED, field="document_no")


def test_a_second_receipt_adds_to_the_stock() -> None:
    (event,) = items.given(RECEIVED).when(receipt(document_no="入库2号", quantity=5)).events

    assert fold(goods_item, [RECEIVED, event]).stock == 15


@pytest.mark.parametrize(
    "changes", [{"name": "面"}, {"unit": "桶"}, {"unit_value_fen": 1}, {"source": "donation"}]
)
def test_other_goods_have_an_item_of_their_own(changes: dict[str, Any]) -> None:
    items.given(RECEIVED).when(receipt(document_no="入库2号", **changes)).then_refused(ANOTHER_ITEM)


def test_a_receipt_is_of_something() -> None:
    items.given().when(receipt(quantity=0)).then_refused(QUANTITY, field="quantity")
    items.given().when(receipt(unit_value_fen=-1)).then_refused(VALUE, field="unit_value_fen")


def test_goods_are_issued_against_signature_with_their_value_fixed() -> None:
    issues().given().when(issue()).then(ISSUED, TAKEN)
    issues().given(ISSUED).when(issue()).then_nothing()


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 3},
        {"witness_id": "qian"},
        {"proxy_relation": "neighbour"},
        {"signed_on": date(2024, 3, 2)},
    ],
)
def test_an_issue_id_stands_for_one_line_of_the_signature_list_only(changes: dict[str, Any]) -> None:
    issues().given(ISSUED).when(issue(**changes)).then_refused(ALREADY_ISSUED, field="issue_id")


def test_the_stock_goes_out_to_the_last_package_and_no_further() -> None:
    assert issues().given().when(issue(quantity=10)).events
    decision = issues().given().when(issue(quantity=11))

    decision.then_refused(STOCK_SHORT, field="quantity")
    assert decision.refused is not None
    assert decision.refused.zh == "库存不足：现有10袋，还差1袋"
    issues().given().when(issue(quantity=0)).then_refused(QUANTITY)


def test_goods_go_to_households_that_are_on_file() -> None:
    issues(POSTED).given().when(issue()).then_refused(FILE_NOT_ON_FILE, field="file_id")
    issues(()).given().when(issue()).then_refused(FILE_UNKNOWN, field="file_id")


def test_goods_that_never_came_in_cannot_go_out() -> None:
    issues(stock=()).given().when(issue()).then_refused(ITEM_UNKNOWN, field="item_id")


def test_who_signs_for_a_household_without_living_in_it_tells_the_relation() -> None:
    issues().given().when(issue(person_id="li")).then_refused(PROXY_MISSING, field="proxy_relation")
    (event, _) = issues().given().when(issue(person_id="li", proxy_relation="neighbour")).events

    assert (event.person_id, event.proxy_relation) == ("li", "neighbour")


def test_issuer_signer_and_witness_are_three_persons() -> None:
    signs_oneself = issue(person_id="wang", proxy_relation="colleague")

    issues().given().when(signs_oneself, by="wang").then_refused(ISSUER_SIGNS, field="person_id")
    for witness in ("wang", "zhang"):
        issues().given().when(issue(witness_id=witness), by="wang").then_refused(WITNESS)


def test_nobody_issues_goods_to_their_own_household() -> None:
    issues().given().when(issue(), by="wife").then_refused(OWN_HOUSEHOLD)


def test_an_organisation_issues_its_own_goods_only() -> None:
    issues().given().when(issue(organisation_id="mill")).then_refused(ANOTHER_ORGANISATION)
    elsewhere = giving_back(1, organisation_id="mill")
    issues().given(ISSUED).when(elsewhere).then_refused(ANOTHER_ORGANISATION)


def test_returned_packages_reduce_quantity_and_value() -> None:
    issues().given(ISSUED).when(giving_back(1)).then(RETURNED, PUT_BACK)
    issues().given(ISSUED, RETURNED).when(giving_back(1)).then_nothing()
    assert fold(goods_item, [RECEIVED, TAKEN, PUT_BACK]).stock == 9


def test_no_more_comes_back_than_went_out() -> None:
    given = issues().given(ISSUED, RETURNED)

    given.when(giving_back(3)).then_refused(RETURNS_MORE, field="quantity_in_all")
    given.when(giving_back(0)).then_refused(QUANTITY)
    issues().given().when(giving_back(1)).then_refused(UNKNOWN, field="issue_id")


def test_nothing_comes_back_before_it_went_out() -> None:
    early = giving_back(1, returned_on=date(2024, 2, 1))

    issues().given(ISSUED).when(early).then_refused(BEFORE_ISSUE, field="returned_on")


def test_goods_go_to_households_of_the_issuer_and_of_organisations_below_it() -> None:
    of_district = issues(stock=[replace(RECEIVED, organisation_id="district")])
    of_town = issues(stock=[replace(RECEIVED, organisation_id="town")])

    assert of_district.given().when(issue(organisation_id="district")).events
    elsewhere = of_town.given().when(issue(organisation_id="town"))
    elsewhere.then_refused(FILE_OUT_OF_SCOPE, field="file_id")
