"""Many phones, as many notifications as one likes that wait to be pushed to them, and a pusher."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Final
from uuid import UUID

from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.devices.model import PREFIX, Device, Platform, PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DEVICES
from smartcity.notifications.model import Notification, Push, PushState, Urgency, notification_id
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import PushSender
from smartcity.notifications.store import NOTIFICATIONS, PENDING, NotificationStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database, Document, to_document
from workers.pusher import Pusher
from workers.pushes import NotificationPushes

CHUNK: Final = 2000
TITLE: Final = "Phản ánh K7M2-9QXR-4TB đã được tiếp nhận"
BODY: Final = "UBND phường Hoàn Kiếm đã tiếp nhận phản ánh về “Ngập úng”."


async def phones(database: Database, count: int) -> Sequence[UUID]:
    """Devices with addresses as long as true ones, `phone-0…` and so on."""
    at = now()
    made = [
        Device(
            id=new_id(),
            token_hash=token_hash(new_token(PREFIX)),
            platform=Platform.ANDROID,
            language="vi",
            push=PushAddress("fid", f"phone-{number}".ljust(150, ".")),
            created_at=at,
            seen_at=at,
        )
        for number in range(count)
    ]
    await database[DEVICES].insert_many([to_document(one) for one in made], ordered=False)
    return [one.id for one in made]


async def backlog(
    database: Database, devices: Sequence[UUID], count: int, due_at: datetime | None = None
) -> None:
    """So many notifications wait, for these devices in turn."""
    recipients = islice(cycle(devices), count)
    while chunk := [to_document(waiting(one, due_at=due_at)) for one in islice(recipients, CHUNK)]:
        await database[NOTIFICATIONS].insert_many(chunk, ordered=False)


async def some_wait(database: Database) -> bool:
    return await _some_pending(database, {})


async def some_are_due(database: Database) -> bool:
    """Without those that wait because something was told of their subject a moment ago."""
    return await _some_pending(database, {"push.next_at": {"$lte": now()}})


async def _some_pending(database: Database, narrowed: Document) -> bool:
    """By the index of what waits: it is asked again and again while most is sent already."""
    found = await database[NOTIFICATIONS].find_one(PENDING | narrowed, {"_id": 1}, hint="push_due")
    return found is not None


def waiting(
    recipient: UUID,
    created_at: datetime | None = None,
    urgency: Urgency = Urgency.NORMAL,
    *,
    due_at: datetime | None = None,
) -> Notification:
    """One that is due since it was written, or at another time."""
    event, at = new_id(), created_at or now()
    return Notification(
        id=notification_id(event, recipient),
        recipient=recipient,
        event=event,
        seq=1,
        topic=Topic.REPORT,
        subject=new_id(),
        action="receive",
        title=TITLE,
        body=BODY,
        language="vi",
        created_at=at,
        expires_at=now() + timedelta(days=180),
        push=Push(state=PushState.PENDING, urgency=urgency, next_at=due_at or at),
    )


async def push_of(store: NotificationStore, recipient: UUID) -> Push:
    """What stands of the push of their only notification."""
    (one,) = await store.page(recipient, None, 10, unread=False)
    return one.push


def pusher_of(
    store: NotificationStore,
    devices: DeviceService,
    sender: PushSender,
    lease: Lease,
    per_second: float = 100_000,
) -> Pusher:
    sources = [NotificationPushes(store, devices, one) for one in (Urgency.HIGH, Urgency.NORMAL)]
    return Pusher(sources, sender, lease, Pace(per_second))
