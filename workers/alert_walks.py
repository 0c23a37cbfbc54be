"""One delivery of an alert under way: who of its walk is in hand, how far it got, who is aside.

What is in hand and settled out of turn is bounded (`Window`), because a process that dies repeats
just that. So whoever is slow, or is to be tried again, is put aside, in the database: the walk goes
on behind them, and none is missed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from smartcity.alerts.deliveries.model import Delivery, Progress, Straggler, straggler_id
from smartcity.alerts.deliveries.store import DeliveryStore, StragglerStore
from smartcity.feed.event import Topic
from smartcity.notifications.alerts import AlertNotice
from smartcity.notifications.push import Outcome, PushMessage, PushResult
from smartcity.notifications.retries import wait_s
from workers.addressees import Addressee, Addressees

OUT_OF_TURN: Final = 1000
"""When so many behind somebody are settled, that one is put aside."""

IN_FLIGHT: Final = timedelta(minutes=1)
"""Longer than any answer takes: whoever was put aside on their way is tried again, if at all."""

LOOK_AGAIN: Final = timedelta(seconds=1)
"""How often it is asked who is to be tried again."""

PAGES: Final = 20
"""So many pages of devices without an address are looked at in one go."""


class _Place(msgspec.Struct):
    """One of the walk, with those behind who need not be told, up to `up_to`."""

    up_to: str
    settled: bool = False
    sent: int = 0
    failed: int = 0


class Window:
    """Those of a walk, in its order, that are not written down as settled yet. How many they are
    bounds what is repeated after a death.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        """Of all that went before."""
        self._places: dict[str, _Place] = {}
        self._out_of_turn = 0

    def __len__(self) -> int:
        return len(self._places)

    def take(self, whom: str) -> None:
        self._places[whom] = _Place(whom)

    def skip(self, up_to: str) -> None:
        """Up to here nobody else need be told."""
        if self._places:
            self._places[next(reversed(self._places))].up_to = up_to
        else:
            self.progress = msgspec.structs.replace(self.progress, after=up_to)

    def settle(self, whom: str, *, sent: int = 0, failed: int = 0) -> None:
        place = self._places[whom]
        place.settled, place.sent, place.failed = True, sent, failed
        self._out_of_turn += 1

    def count(self, *, sent: int = 0, failed: int = 0) -> None:
        """Of somebody who was aside."""
        self.progress = _further(self.progress, self.progress.after, sent, failed)

    def advance(self) -> None:
        """Let go of all at the beginning that are settled."""
        after, sent, failed = self.progress.after, 0, 0
        done: list[str] = []
        for whom, place in self._places.items():
            if not place.settled:
                break
            done.append(whom)
            after, sent, failed = place.up_to, sent + place.sent, failed + place.failed
        for whom in done:
            del self._places[whom]
        self._out_of_turn -= len(done)
        self.progress = _further(self.progress, after, sent, failed)

    def laggards(self) -> list[str]:
        """Those who hold up half of what is settled out of turn, if that is too much."""
        late: list[str] = []
        left = self._out_of_turn
        if left > OUT_OF_TURN:
            for whom, place in self._places.items():
                if place.settled:
                    left -= 1
                elif left > OUT_OF_TURN // 2:
                    late.append(whom)
                else:
                    break
        return late


class Walk:
    """A delivery on its way through those whom it tells. `words` are the alert's, by language."""

    def __init__(
        self,
        delivery: Delivery,
        addressees: Addressees,
        words: Callable[[str], AlertNotice],
        deliveries: DeliveryStore,
        stragglers: StragglerStore,
    ) -> None:
        self.delivery = delivery
        self.unsendable: str | None = None
        """Why nothing can be sent at all, when that is so."""
        self._addressees = addressees
        self._words_in = words
        self._words: dict[str, AlertNotice] = {}
        self._deliveries = deliveries
        self._stragglers = stragglers
        self._window = Window(delivery.progress)
        self._read_to = delivery.progress.after
        self._ended = False
        self._told: set[str] = set()
        self._trying: dict[str, Straggler] = {}
        self._aside = 0
        self._look_at = delivery.created_at

    async def begin(self) -> None:
        """Learn who is aside already."""
        self._told = await self._stragglers.behind(self.delivery.id, self._read_to)
        self._aside = await self._stragglers.count(self.delivery.id)

    @property
    def in_hand(self) -> int:
        """What a death would repeat."""
        return len(self._window) + len(self._trying)

    async def take(self, room: int, at: datetime) -> list[tuple[str, PushMessage]]:
        """Up to `room` who are to be told now: those due again, in half of it, and the next."""
        found = await self._due(max(1, room // 2), at)
        for _ in range(PAGES):
            if self._ended or len(found) * 2 > room:
                break
            found += await self._next(room - len(found))
        return [(one.whom, self._message(one)) for one in found]

    async def settle(self, results: Sequence[tuple[str, PushResult]], at: datetime) -> None:
        """What became of some who were told."""
        kept: list[Straggler] = []
        done: list[Straggler] = []
        for whom, result in results:
            before = self._trying.pop(whom, None)
            again = self._again(whom, before, result, at)
            sent = int(result.outcome is Outcome.SENT)
            failed = int(again is None and not sent)
            if again is not None:
                kept.append(again)
            elif before is not None:
                done.append(before)
            if before is None:
                self._window.settle(whom, sent=sent, failed=failed)
                self._aside += again is not None
            else:
                self._window.count(sent=sent, failed=failed)
            if result.outcome is Outcome.NOT_SENT:
                self.unsendable = result.reason
        for whom in self._window.laggards():
            late = self._straggler(whom, 0, None, at + IN_FLIGHT)
            self._trying[whom] = late
            self._window.settle(whom)
            self._aside += 1
            kept.append(late)
        # In this order nobody is lost: they are aside before the walk is behind them.
        await self._stragglers.keep(kept)
        await self._settled(done)

    async def write_down(self, at: datetime) -> bool:
        """How far it got. False: it was stopped, or somebody else goes on with it."""
        self._window.advance()
        progress = self._window.progress
        done = self._ended and not self.in_hand and not self._aside
        if progress == self.delivery.progress and not done:
            return True
        if not await self._deliveries.advance(self.delivery, progress, at, done=done):
            return False
        self.delivery = msgspec.structs.replace(self.delivery, progress=progress)
        return True

    async def _next(self, limit: int) -> list[Addressee]:
        page = await self._addressees.page(self._read_to, limit)
        if page.up_to is None:
            self._ended = True
            return []
        self._read_to = page.up_to
        found = [one for one in page.addressees if one.whom not in self._told]
        self._told.difference_update(one.whom for one in page.addressees)
        for one in found:
            self._window.take(one.whom)
        self._window.skip(page.up_to)
        return found

    async def _due(self, limit: int, at: datetime) -> list[Addressee]:
        if not self._aside or at < self._look_at:
            return []
        hand = [one.id for one in self._trying.values()]
        due = await self._stragglers.due(self.delivery.id, at, limit, but=hand)
        if len(due) < limit:
            self._look_at = at + LOOK_AGAIN
        if not due:
            return []
        found = await self._addressees.some([one.whom for one in due])
        reached = {one.whom for one in found}
        self._trying |= {one.whom: one for one in due if one.whom in reached}
        unreachable = [one for one in due if one.whom not in reached]
        self._window.count(failed=len(unreachable))
        await self._settled(unreachable)
        return list(found)

    async def _settled(self, stragglers: Sequence[Straggler]) -> None:
        await self._stragglers.remove([one.id for one in stragglers])
        self._aside -= len(stragglers)

    def _again(
        self, whom: str, before: Straggler | None, result: PushResult, at: datetime
    ) -> Straggler | None:
        """When somebody is tried again, if there is time."""
        if result.outcome is not Outcome.RETRY:
            return None
        attempts = 0 if before is None else before.attempts
        name = straggler_id(self.delivery.id, whom)
        seconds = wait_s(name, attempts, result.retry_after_s or 0.0)
        next_at = at + timedelta(seconds=seconds)
        if next_at >= self.delivery.over_at:
            return None
        return self._straggler(whom, attempts + 1, result.reason, next_at)

    def _straggler(
        self, whom: str, attempts: int, reason: str | None, next_at: datetime
    ) -> Straggler:
        return Straggler(
            id=straggler_id(self.delivery.id, whom),
            delivery=self.delivery.id,
            whom=whom,
            attempts=attempts,
            reason=reason,
            next_at=next_at,
            until=self.delivery.over_at,
        )

    def _message(self, one: Addressee) -> PushMessage:
        words = self._words.get(one.language)
        if words is None:
            words = self._words[one.language] = self._words_in(one.language)
        return PushMessage(
            id=one.id,
            address=one.address,
            title=words.title,
            body=words.body,
            data={
                "id": str(one.id),
                "topic": Topic.ALERT.value,
                "subject": str(words.alert),
                "action": words.action,
            },
            urgency=self._addressees.urgency,
        )


def _further(progress: Progress, after: str, sent: int, failed: int) -> Progress:
    return Progress(after=after, sent=progress.sent + sent, failed=progress.failed + failed)
