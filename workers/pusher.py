"""Sends what waits to be pushed and writes down what became of it.

Killed between sending and writing down, it repeats what it had in hand, under the same ids, and
the phones replace what they show.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from smartcity.clock import now
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import STALE_AFTER, Notification, Push, PushState
from smartcity.notifications.push import Outcome, PushMessage, PushResult, PushSender
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease

BATCH: Final = 1000
GROUP: Final = 100
"""So many are written down together, as soon as all of them were answered."""

RENEW_S: Final = 1.0
"""How often the lease is looked after while a slow answer is waited for."""

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 600.0

NO_ADDRESS: Final = "no push address"
OUT_OF_TIME: Final = "not delivered within a day"

SETTLED: Final = {
    Outcome.SENT: PushState.SENT,
    Outcome.NOT_SENT: PushState.NOT_SENT,
    Outcome.GONE: PushState.FAILED,
    Outcome.FAILED: PushState.FAILED,
}


class Pusher:
    """Of several processes that run one, the lease holder sends."""

    def __init__(
        self, store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease
    ) -> None:
        self._store = store
        self._devices = devices
        self._sender = sender
        self._lease = lease

    async def run_once(self) -> int:
        """Send what is due, up to a batch, and answer how much it was; 0 without the lease."""
        if await self._lease.hold() is None:
            return 0
        due = await self._store.due(now(), BATCH)
        async with asyncio.TaskGroup() as groups:
            sending = [
                groups.create_task(self._push(due[start : start + GROUP]))
                for start in range(0, len(due), GROUP)
            ]
            while waiting := [group for group in sending if not group.done()]:
                await asyncio.wait(waiting, timeout=RENEW_S)
                if await self._lease.hold() is None:  # somebody else sends these now
                    for group in waiting:
                        group.cancel()
        return len(due)

    async def _push(self, due: Sequence[Notification]) -> None:
        at = now()
        addresses = await self._devices.addresses({one.recipient for one in due})
        settled: dict[UUID, Push] = {}
        sending: list[Notification] = []
        for one in due:
            if one.created_at < at - STALE_AFTER:
                settled[one.id] = _settled(one, PushState.FAILED, _out_of_time(one.push.reason))
            elif one.recipient not in addresses:
                settled[one.id] = _settled(one, PushState.NONE, NO_ADDRESS)
            else:
                sending.append(one)
        results = await self._sender.send(
            [_message(one, addresses[one.recipient]) for one in sending]
        )
        done_at = now()
        for one, result in zip(sending, results, strict=True):
            settled[one.id] = _after(one, result, done_at)
            if result.outcome is Outcome.GONE:
                await self._devices.forget(addresses[one.recipient])
        await self._store.record(settled)


def _message(one: Notification, address: PushAddress) -> PushMessage:
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


def _after(one: Notification, result: PushResult, at: datetime) -> Push:
    """Where a notification's push stands after an attempt."""
    attempts = one.push.attempts + 1
    if result.outcome is not Outcome.RETRY:
        return msgspec.structs.replace(
            _settled(one, SETTLED[result.outcome], result.reason),
            attempts=attempts,
            sent_at=at if result.outcome is Outcome.SENT else None,
        )
    next_at = at + timedelta(seconds=max(result.retry_after_s or 0.0, _backoff_s(one)))
    if next_at > one.created_at + STALE_AFTER:
        return _settled(one, PushState.FAILED, _out_of_time(result.reason))
    return msgspec.structs.replace(
        one.push, reason=result.reason, attempts=attempts, next_at=next_at
    )


def _settled(one: Notification, state: PushState, reason: str | None) -> Push:
    return msgspec.structs.replace(one.push, state=state, reason=reason, next_at=None)


def _out_of_time(last: str | None) -> str:
    return f"{OUT_OF_TIME}: {last}" if last else OUT_OF_TIME


def _backoff_s(one: Notification) -> float:
    """Doubling, and spread over half of it by the id, which is a hash: those that failed together
    do not come back together.
    """
    whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(one.push.attempts, 16))
    return whole * (0.5 + one.id.int % 1024 / 2048)
