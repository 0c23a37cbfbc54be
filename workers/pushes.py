"""The notifications of one urgency that wait to be pushed: a source of the pusher's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import STALE_AFTER, DuePlace, DuePush, Push, PushState, Urgency
from smartcity.notifications.push import Outcome, PushMessage, PushResult
from smartcity.notifications.retries import after, out_of_time, settled
from smartcity.notifications.store import NotificationStore

NO_ADDRESS: Final = "no push address"
QUIET: Final = "quiet hours"


class NotificationPushes:
    """Reads on where it last stopped reading, and from the beginning when it came to the end: what
    was put behind it meanwhile comes then.
    """

    def __init__(self, store: NotificationStore, devices: DeviceService, urgency: Urgency) -> None:
        self._store = store
        self._devices = devices
        self._urgency = urgency
        self._hand: dict[UUID, DuePush] = {}
        self._behind: DuePlace | None = None

    async def take(self, room: int) -> Sequence[PushMessage]:
        at = now()
        held = frozenset(self._hand)  # what is settled while this reads is found still waiting
        due = await self._store.due(self._urgency, at, room, behind=self._behind, but=held)
        self._behind = due[-1].place if len(due) == room else None
        due = [one for one in due if one.id not in held]
        reach = await self._devices.reach({one.recipient for one in due}) if due else {}
        standing: dict[UUID, Push] = {}
        messages: list[PushMessage] = []
        for one in due:
            if _waits_since(one) < at - STALE_AFTER:
                reason = out_of_time(one.push.reason)
                standing[one.id] = settled(one.push, PushState.FAILED, reason)
            elif (phone := reach.get(one.recipient)) is None:
                standing[one.id] = settled(one.push, PushState.NONE, NO_ADDRESS)
            elif self._urgency is not Urgency.HIGH and (
                end := self._devices.quiet_until(phone.quiet_hours, at)
            ):
                standing[one.id] = msgspec.structs.replace(one.push, reason=QUIET, next_at=end)
            else:
                self._hand[one.id] = one
                messages.append(_message(one, phone.address))
        await self._store.record(standing)
        return messages

    async def settle(self, results: Sequence[tuple[PushMessage, PushResult]]) -> None:
        at = now()
        sent: list[UUID] = []
        others: dict[UUID, Push] = {}
        gone: list[PushAddress] = []
        for message, result in results:
            if result.outcome is Outcome.SENT:
                sent.append(message.id)
                continue
            one = self._hand[message.id]
            others[one.id] = after(one.push, one.id, result, since=_waits_since(one), at=at)
            if result.outcome is Outcome.GONE and isinstance(message.address, PushAddress):
                gone.append(message.address)
        if gone:
            await self._devices.forget(gone)
        await self._store.record_sent(sent, at)
        await self._store.record(others)
        for message, _ in results:
            del self._hand[message.id]

    def give_back(self) -> None:
        self._hand.clear()
        self._behind = None


def _message(one: DuePush, address: PushAddress) -> PushMessage:
    return PushMessage(
        id=one.id,
        address=address,
        title=one.title,
        body=one.body,
        data={
            "id": str(one.id),
            "topic": one.topic.value,
            "subject": str(one.subject),
            "action": one.action,
        },
        urgency=one.push.urgency,
    )


def _waits_since(one: DuePush) -> datetime:
    """Since when nothing but the phone stands in its way: quiet hours are the person's wish."""
    if one.push.reason == QUIET and one.push.next_at is not None:
        return one.push.next_at
    return one.created_at
