"""Issues of goods: one line of a signature list, with who signed, who issued and who witnessed."""

from datetime import date
from typing import assert_never

from services.assistance.aggregates.file.refusals import UNKNOWN as FILE_UNKNOWN
from services.assistance.aggregates.file.state import HardshipFile
from services.assistance.aggregates.goods_item import (
    ANOTHER_ORGANISATION,
    QUANTITY,
    GoodsItem,
    goods_item,
    take,
)
from services.assistance.aggregates.goods_item import UNKNOWN as ITEM_UNKNOWN
from services.assistance.aggregates.grant.refusals import FILE_NOT_ON_FILE, OWN_HOUSEHOLD
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.scope import serves
from services.assistance.events.goods import (
    GoodsIssued,
    GoodsReturned,
    ProxyRelation,
    StockPutBack,
    StockTaken,
)
from shared.rules.context import Context
from shared.rules.decider import Decider
from shared.rules.message import message
from shared.rules.refusal import Refusal

UNKNOWN = Refusal("goods_issue.unknown", zh="没有这项签领记录", en="no such issue has been signed for")
ALREADY_ISSUED = Refusal(
    "goods_issue.already_issued",
    zh="该签领编号已使用，内容不同",
    en="this issue id has been used, with other particulars",
)
FILE_OUT_OF_SCOPE = Refusal(
    "goods_issue.file_out_of_scope",
    zh="只能发给本工会及下级工会管理的困难职工",
    en="an organisation issues goods to households whose file it keeps, or one below it",
)
PROXY_MISSING = Refusal(
    "goods_issue.proxy_missing",
    zh="签领人不是该户家庭成员，须注明代领关系",
    en="who signs is not of the household; tell by which relation as its proxy",
)
WITNESS = Refusal(
    "goods_issue.witness",
    zh="证明人不能是发放人或签领人",
    en="the witness is neither who issues nor who signs",
)
ISSUER_SIGNS = Refusal(
    "goods_issue.issuer_signs", zh="发放人不能代为签领", en="who issues goods does not sign for them"
)
RETURNS_MORE = Refusal(
    "goods_issue.returns_more",
    zh="退回数量超过尚未退回的{left}份",
    en="only {left} packages of this issue have not been returned",
)
BEFORE_ISSUE = Refusal(
    "goods_issue.before_issue", zh="退回日期不能早于签领日期", en="nothing is returned before it was issued"
)


@message
class IssueGoods:
    """``person_id`` signs; where that is nobody of the household, ``proxy_relation`` says who it is."""

    issue_id: str
    organisation_id: str
    item_id: str
    file_id: str
    person_id: str
    quantity: int
    witness_id: str
    signed_on: date
    proxy_relation: ProxyRelation | None = None


@message
class ReturnGoods:
    """``quantity_in_all``: what all returns of this issue come to, so that a repeat changes nothing."""

    issue_id: str
    organisation_id: str
    quantity_in_all: int
    returned_on: date


@message
class GoodsIssue:
    issue: GoodsIssued | None = None
    returned: int = 0


GoodsIssueCommand = IssueGoods | ReturnGoods
GoodsIssueEvent = GoodsIssued | GoodsReturned


def decide(
    command: GoodsIssueCommand, issue: GoodsIssue, context: Context
) -> list[GoodsIssueEvent | StockTaken | StockPutBack]:
    """Source: handbook, assistance 2.5: no issue without signature, none beyond the stock."""
    match command:
        case IssueGoods():
            return issue_goods(command, issue, context)
        case ReturnGoods():
            return return_goods(command, issue, context)
        case _:
            assert_never(command)


def issue_goods(
    command: IssueGoods, issue: GoodsIssue, context: Context
) -> list[GoodsIssueEvent | StockTaken | StockPutBack]:
    item: GoodsItem = context.state(goods_item, command.item_id)
    if item.goods is None:
        raise ITEM_UNKNOWN(field="item_id")
    if item.goods.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    issued = GoodsIssued(
        issue_id=command.issue_id,
        organisation_id=command.organisation_id,
        item_id=command.item_id,
        file_id=command.file_id,
        person_id=command.person_id,
        proxy_relation=command.proxy_relation,
        quantity=command.quantity,
        unit_value_fen=item.goods.unit_value_fen,
        value_fen=command.quantity * item.goods.unit_value_fen,
        source=item.goods.source,
        issued_by=context.actor_id,
        witness_id=command.witness_id,
        effective_on=command.signed_on,
    )
    if issue.issue is not None:
        if issue.issue == issued:
            return []
        raise ALREADY_ISSUED(field="issue_id")
    check_people(command, context.state(hardship_file, command.file_id), context)
    taken = take(item, command.item_id, command.issue_id, command.quantity, command.signed_on)
    return [issued, taken]


def check_people(command: IssueGoods, file: HardshipFile, context: Context) -> None:
    """Raises the refusal that the household, or who signs, issues and witnesses, calls for, if any."""
    if file.status == "none":
        raise FILE_UNKNOWN(field="file_id")
    if not serves(command.organisation_id, file.organisation_id, context):
        raise FILE_OUT_OF_SCOPE(field="file_id")
    if not file.is_on_file(command.signed_on):
        raise FILE_NOT_ON_FILE(field="file_id", day=command.signed_on)
    if file.member(context.actor_id) is not None:
        raise OWN_HOUSEHOLD()
    if file.member(command.person_id) is None and command.proxy_relation is None:
        raise PROXY_MISSING(field="proxy_relation")
    if command.person_id == context.actor_id:
        raise ISSUER_SIGNS(field="person_id")
    if command.witness_id in (context.actor_id, command.person_id):
        raise WITNESS(field="witness_id")


def return_goods(
    command: ReturnGoods, issue: GoodsIssue, context: Context
) -> list[GoodsIssueEvent | StockTaken | StockPutBack]:
    if (issued := issue.issue) is None:
        raise UNKNOWN(field="issue_id")
    if issued.organisation_id != command.organisation_id:
        raise ANOTHER_ORGANISATION(field="organisation_id")
    if command.quantity_in_all == issue.returned > 0:
        return []
    quantity = command.quantity_in_all - issue.returned
    if quantity <= 0:
        raise QUANTITY(field="quantity_in_all")
    if (left := issued.quantity - issue.returned) < quantity:
        raise RETURNS_MORE(field="quantity_in_all", left=left)
    if command.returned_on < issued.effective_on:
        raise BEFORE_ISSUE(field="returned_on")
    returned = GoodsReturned(
        issue_id=command.issue_id,
        organisation_id=command.organisation_id,
        item_id=issued.item_id,
        file_id=issued.file_id,
        quantity=quantity,
        value_fen=quantity * issued.unit_value_fen,
        returned_to=context.actor_id,
        effective_on=command.returned_on,
    )
    put_back = StockPutBack(
        item_id=issued.item_id,
        issue_id=command.issue_id,
        quantity=quantity,
        effective_on=command.returned_on,
    )
    return [returned, put_back]


def evolve(issue: GoodsIssue, event: GoodsIssueEvent) -> GoodsIssue:
    match event:
        case GoodsIssued():
            return GoodsIssue(issue=event)
        case GoodsReturned():
            return GoodsIssue(issue=issue.issue, returned=issue.returned + event.quantity)
        case _:
            assert_never(event)


goods_issue = Decider(
    "goods_issue", "issue_id", GoodsIssueCommand, GoodsIssueEvent, GoodsIssue(), decide, evolve
)
