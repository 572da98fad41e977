"""Assistance's rules: one module for each kind of stream, and the language that they make together."""

from services.assistance.aggregates.aid_grant import aid_grant
from services.assistance.aggregates.budget import budget
from services.assistance.aggregates.goods_issue import goods_issue
from services.assistance.aggregates.goods_item import goods_item
from services.assistance.aggregates.hardship_file import hardship_file
from services.assistance.aggregates.payment import payment
from services.assistance.aggregates.payment_batch import payment_batch
from services.assistance.aggregates.relief_campaign import relief_campaign
from services.assistance.parameters import ALL
from shared.rules.language import Language

language = Language(
    "assistance",
    (hardship_file, relief_campaign, budget, aid_grant, goods_item, goods_issue, payment, payment_batch),
    ALL,
)
