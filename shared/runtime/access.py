"""Access: whether a token is good here and now, and for which organisations its roles hold."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from shared.bus.levels import LEVEL_SECONDS_MAX, seconds_since_level
from shared.projections.following import standing
from shared.projections.projection import Projection
from shared.projections.waiting import wait_until_level
from shared.rules.refusal import Refusal
from shared.runtime.access_feeds import organisation_parents_table, void_persons_table, void_tokens_table
from shared.runtime.house import House
from shared.runtime.tokens import SERVICE, BadToken, Grant, Token, Verifier

NO_TOKEN = Refusal("access.no_token", zh="请先登录", en="log in first: the call carries no token")
TOKEN_REFUSED = Refusal(
    "access.token_refused",
    zh="登录凭证无效或已过期，请重新登录",
    en="the token is not valid, or no longer; log in again",
)
NOT_LEVEL = Refusal(
    "access.not_level",
    zh="暂时无法核对登录凭证是否已撤销，请重新登录后再试",
    en="whether the token has been revoked cannot be told at the moment; log in again and retry",
)
WRONG_ROLE = Refusal(
    "access.role",
    zh="您没有办理此项业务的权限，须由{roles_zh}岗位办理",
    en="your roles do not allow this; needed: {roles}",
)
OUT_OF_SCOPE = Refusal(
    "access.scope",
    zh="该工会组织不在您的管辖范围内",
    en="the organisation lies outside the part of the district that you may act for",
)

ROLES_ZH = {
    "clerk": "经办",
    "reviewer": "审核",
    "approver": "审批",
    "cashier": "出纳",
    "personnel": "人事",
    "reconciler": "对账",
    "statistician": "统计",
    "auditor": "审计",
    "administrator": "管理员",
    SERVICE: "系统",
}
"""Each role as people say it."""
ROLES = frozenset(ROLES_ZH) - {SERVICE}
"""The roles that people have."""
SIGNED_IN = "signed_in"
"""Stands for every role: whoever has a good token, people and services."""
NOBODY_YET = "nobody_yet"
"""Stands for callers without a token: only logging in is for them."""

ANYWHERE = "anywhere"
"""The scope of a method that belongs to no organisation, and is open to a role of any subtree."""
WHOLE_DISTRICT = "whole_district"
"""The scope of a method that touches all organisations."""

LOOK_SECONDS = 2.0
LEVELS_MOST = 32


Place = tuple[int, int]
"""An epoch and a position in staffing's log: after a restore positions begin again, further back."""


@dataclass(slots=True)
class _News:
    """What was known when the store was last looked into.

    Args:
        level_at: when the news were last complete (time.monotonic).
    """

    looked_at: float = float("-inf")
    level_at: float = float("-inf")
    void: Mapping[str, Place] = field(default_factory=dict)
    void_persons: Mapping[str, Place] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)


class Access:
    """Judges tokens for one service in one process.

    Args:
        house: the service's house; its store holds the news.
        projections: the service's. Without those of ``access_feeds`` nothing more is believed: only young
            tokens hold, and roles only for their own organisation or for the whole district.
    """

    def __init__(self, house: House, projections: Sequence[Projection]) -> None:
        by_table = {each.table: each for each in projections}
        self._house = house
        self._void = [by_table[each] for each in (void_tokens_table, void_persons_table) if each in by_table]
        self._tree = by_table.get(organisation_parents_table)
        self._verifier = Verifier(house.settings)
        self._news = _News()

    def token(self, text: Any) -> Token:
        """What a good token says. Raises BadToken, and the refusal ``access.not_level``."""
        token = self.read(text)
        self.check(token)
        return token

    def read(self, text: Any) -> Token:
        """What a token says that was rightly signed and is not over; ``check`` says whether it still holds.

        Raises BadToken.
        """
        return self._verifier.verify(text)

    def check(self, token: Token) -> None:
        """Raises BadToken where something ended a token, the refusal ``access.not_level`` where it might."""
        if token.login_id == "" and token.grants == (Grant(SERVICE, None),):
            return
        news = self._look()
        never = (0, 0)
        ended_at = max(news.void.get(token.login_id, never), news.void_persons.get(token.person_id, never))
        if ended_at > (token.epoch, token.position):
            raise BadToken("void", token)
        # Where news of revoked logins is old, only a young token is believed.
        news_are_old = time.monotonic() - news.level_at > LEVEL_SECONDS_MAX
        token_is_old = time.time() - token.issued_at > LEVEL_SECONDS_MAX
        if news_are_old and token_is_old:
            raise NOT_LEVEL()

    def reaches(self, grant: Grant, organisation_id: str | None) -> bool:
        """Whether a role holds for an organisation; None: for the whole district.

        The district is what stands below the federation at the top: a role held there holds for all of it.
        An organisation that is not known here yet is waited for, AWAITED_SECONDS_MAX at most.

        Raises:
            SQLAlchemyError: the store is away.
        """
        if grant.organisation_id is None:
            return True
        parents = self._look().parents
        if organisation_id is None:
            top = grant.organisation_id
            return (top in parents or self._learn(parents, top)) and parents[top] is None
        for _ in range(LEVELS_MOST):
            if organisation_id == grant.organisation_id:
                return True
            if organisation_id not in parents and not self._learn(parents, organisation_id):
                return False
            above = parents[organisation_id]
            if above is None:
                return False
            organisation_id = above
        return False

    def _look(self) -> _News:
        now = time.monotonic()
        if now - self._news.looked_at > LOOK_SECONDS:
            news = _News(now, self._news.level_at)
            if self._void:
                with self._house.store.read() as connection:
                    # How complete the news are is read first: they may know more than that, never less.
                    level_at = min(self._level_at(connection, each, now) for each in self._void)
                    news.level_at = max(news.level_at, level_at)
                    news.void = self._places(connection, void_tokens_table)
                    news.void_persons = self._places(connection, void_persons_table)
            self._news = news
        return self._news

    def _places(self, connection: Connection, table: Table) -> dict[str, Place]:
        """The places of the last events that made tokens void; none where they are not followed."""
        if all(each.table is not table for each in self._void):
            return {}
        return {row[0]: (row[1], row[2]) for row in connection.execute(select(table))}

    def _level_at(self, connection: Connection, projection: Projection, now: float) -> float:
        """When the news were last complete, as far as can be told; long ago where they are not now."""
        is_own = projection.source == self._house.log.source
        since = 0.0 if is_own else seconds_since_level(connection, projection.source)
        stands = standing(connection, self._house.feed(projection.source), projection)
        if since is None or not stands.complete or stands.position < stands.head:
            return float("-inf")
        return now - since

    def _learn(self, parents: dict[str, str | None], organisation_id: str) -> bool:
        """Look an organisation up; one that was just founded may have to be waited for."""
        if self._tree is None:
            return False
        if self._find(parents, organisation_id):
            return True
        wait_until_level(self._house.store, self._house.feed(self._tree.source), self._tree.name)
        return self._find(parents, organisation_id)

    def _find(self, parents: dict[str, str | None], organisation_id: str) -> bool:
        columns = organisation_parents_table.c
        with self._house.store.read() as connection:
            row = connection.execute(
                select(columns.parent_id).where(columns.organisation_id == organisation_id)
            ).one_or_none()
        if row is not None:
            parents[organisation_id] = row.parent_id
        return row is not None
