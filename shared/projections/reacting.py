"""Running reactions: act first, then move the checkpoint; derived command ids make repeats harmless."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.log.entry import Unavailable
from shared.log.envelope import Envelope
from shared.log.log import is_passing
from shared.log.store import Store
from shared.projections import checkpoints, parking
from shared.projections.checkpoints import Checkpoint
from shared.projections.feed import Feed
from shared.projections.parking import WAITS, Parked
from shared.projections.reaction import Reaction, derived_command_id
from shared.rules.skipped_reaction import SkipReaction

PAGE = 1_000
TRIES_MOST = 5
RETRY_WAIT_SECONDS = 0.2

Act = Callable[[Any, str, Envelope], None]
"""Has a command decided, or an effect done: it, its derived id, the event that caused it.

Raises Refused, Unavailable, and what an effect raises; a store that is away (``is_passing``) parks nothing.
"""
Record = Callable[[SkipReaction], None]
"""Has the skipping decided, in the name of who skips. Raises Refused, Unavailable."""


class NotParkedError(Exception):
    """There is nothing at this position to retry or to skip."""


class WaitsError(Exception):
    """The event only waits for an earlier one of its stream; that one is to be retried or skipped."""


class ReactionFollower:
    """Keeps one reaction level with its feed. It holds no transaction while it acts.

    An event that fails is parked at once and tried again later, so that no other waits for it.
    """

    def __init__(self, store: Store, feed: Feed, reaction: Reaction, act: Act) -> None:
        self.name = reaction.name
        self._store = store
        self.feed = feed
        self._reaction = reaction
        self._act = act
        self._in_vain: list[Parked] = []

    def step(self) -> bool:
        """Try again what is due of the parked, react to the next page; whether there was anything to do.

        Raises:
            Unavailable: the log did not answer; nothing is parked for that, the step is to be repeated.
        """
        self._take_back()
        with self._store.read() as connection:
            began = checkpoints.read(connection, self.name)
            if began is None:
                return False
            # Asked first: events that come meanwhile are for the next page.
            end = min(began.position + PAGE, self.feed.position(connection))
            page = self._page(connection, began.position, end)
            due = [each for each in parking.first_of_streams(connection, self.name) if _is_due(each)]
        for each in due:
            self._try_again(each)
        for envelope in page:
            if self._is_next(envelope, began) and (reason := self._try(envelope)) is not None:
                self._park(envelope, began, reason, 1)
        if end > began.position:
            with self._store.write() as connection:
                if _is_ahead(checkpoints.lock(connection, self.name, wait=True), began, end):
                    checkpoints.move(connection, self.name, end)
        return bool(end > began.position or due)

    def retry(self) -> list[Parked]:
        """Try what is parked again now, each stream in its order; what is still parked afterwards.

        Raises:
            Unavailable: the store did not answer; what was done before stays done.
        """
        failed: set[str] = set()
        while waiting := [each for each in self._first_of_streams() if each.stream not in failed]:
            failed.update(each.stream for each in waiting if not self._try_again(each))
        with self._store.read() as connection:
            return parking.list_parked(connection, self.name)

    def skip(self, position: int, reason: str, record: Record) -> None:
        """Leave a parked event undone: first that is recorded, then those that waited for it are done.

        Repeating it after a crash in between records nothing twice.

        Args:
            reason: why; it becomes public, so it names no person.

        Raises:
            NotParkedError, WaitsError: nothing is to be skipped there.
            Refused: the reason is missing.
            Unavailable: the store did not answer; the repeat goes on where this ended.
        """
        with self._store.read() as connection:
            found = parking.find_parked(connection, self.name, position)
            if found is None:
                raise NotParkedError(self.name, position)
            (envelope,) = self.feed.page(connection, position - 1, 1)
            if parking.is_held(connection, self.name, envelope):
                raise WaitsError(self.name, position)
        record(
            SkipReaction(
                subscription=self.name,
                source=self.feed.source,
                event_id=envelope.id,
                position=position,
                stream=envelope.stream,
                code=found.reason,
                reason=reason,
            )
        )
        self._take_out(position)
        while waiting := [each for each in self._first_of_streams() if each.stream == found.stream]:
            if not self._try_again(waiting[0]):
                return

    def _page(self, connection: Connection, after: int, end: int) -> list[Envelope]:
        if end <= after:
            return []
        return self.feed.page(connection, after, end - after, self._reaction.event_names)

    def _first_of_streams(self) -> list[Parked]:
        with self._store.read() as connection:
            return parking.first_of_streams(connection, self.name)

    def _try_again(self, each: Parked) -> bool:
        """Try the first parked event of a stream once more; False where it stays."""
        with self._store.write() as connection:
            if not parking.claim(connection, each):
                return False
            (envelope,) = self.feed.page(connection, each.position - 1, 1)
        try:
            reason = self._try(envelope)
        except (Unavailable, DBAPIError):
            self._in_vain.append(each)
            with suppress(DBAPIError):  # the same store, which may still be away: then the next step does it
                self._take_back()
            raise
        if reason is None:
            self._take_out(each.position)
            return True
        with self._store.write() as connection:
            parking.set_reason(connection, self.name, each.position, reason)
        return False

    def _take_back(self) -> None:
        """Take back the tries that came to nothing. Raises DBAPIError."""
        while self._in_vain:
            with self._store.write() as connection:
                parking.unclaim(connection, self._in_vain[-1])
            self._in_vain.pop()

    def _try(self, envelope: Envelope) -> str | None:
        """React to one event, unless it was skipped; the reason why it could not be done, if so."""
        with self._store.read() as connection:
            if parking.is_skipped(connection, self.name, envelope):
                return None
        try:
            for number, command in enumerate(self._reaction.commands(envelope)):
                self._act(command, derived_command_id(self.name, envelope, number), envelope)
        except Unavailable:
            raise
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and is_passing(error):
                raise Unavailable from error
            return str(getattr(error, "code", type(error).__name__))
        return None

    def _is_next(self, envelope: Envelope, began: Checkpoint) -> bool:
        """Whether an event is still to be done, and by nobody before it; where it has to wait, it is parked.

        Asked anew before each act: whoever was frozen meanwhile may find that others have come further, and
        that an operator has decided.
        """
        with self._store.read() as connection:
            if not _is_ahead(checkpoints.read(connection, self.name), began, envelope.position):
                return False
            held = parking.is_held(connection, self.name, envelope)
        # Asked again under the checkpoint's lock: who takes out the earlier one looks for others afterwards.
        return not (held and self._park(envelope, began, WAITS, 0))

    def _park(self, envelope: Envelope, began: Checkpoint, reason: str, tries: int) -> bool:
        """Park an event, unless nothing holds it any more; and count what parked it as done.

        The checkpoint moves along: were it to stay before an event that an operator then skips, the event
        would be read again after a crash, and done. Where another instance has parked it, both tries count.
        """
        with self._store.write() as connection:
            stands = checkpoints.lock(connection, self.name, wait=True)
            if not _is_ahead(stands, began, envelope.position):
                found = parking.find_parked(connection, self.name, envelope.position)
                if found is not None and tries:
                    parking.claim(connection, found)
                return True
            if not tries and not parking.is_held(connection, self.name, envelope):
                return False
            parking.park(connection, self.name, self.feed.source, [(envelope, reason, tries)])
            checkpoints.move(connection, self.name, envelope.position)
        return True

    def _take_out(self, position: int) -> None:
        with self._store.write() as connection:
            checkpoints.lock(connection, self.name, wait=True)
            parking.take_out(connection, self.name, position)


def _is_ahead(stands: Checkpoint | None, began: Checkpoint, position: int) -> bool:
    """Whether a position of the page that was begun there is still ahead, and the feed still the same."""
    return stands is not None and stands.version == began.version and stands.position < position


def _is_due(each: Parked) -> bool:
    """Whether it is time to try again: the waits double; what waits for nothing any more is done at once."""
    if each.tries == 0:
        return True
    waited = datetime.now(UTC) - datetime.fromisoformat(each.parked_at)
    return each.tries < TRIES_MOST and waited.total_seconds() >= RETRY_WAIT_SECONDS * 2 ** (each.tries - 1)
