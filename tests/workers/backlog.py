"""Many phones, and as many notifications as one likes that wait to be pushed to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Final
from uuid import UUID

from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id, new_token, token_hash
from smartcity.identity.devices.model import PREFIX, Device, Platform, PushAddress
from smartcity.identity.devices.store import DEVICES
from smartcity.notifications.model import (
    Notification,
    Push,
    PushState,
    Urgency,
    notification_id,
)
from smartcity.notifications.store import NOTIFICATIONS
from smartcity.storage.mongo import Database, to_document

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
    while chunk := [to_document(_pending(one, due_at)) for one in islice(recipients, CHUNK)]:
        await database[NOTIFICATIONS].insert_many(chunk, ordered=False)


async def waiting(database: Database) -> bool:
    """Whether any still waits."""
    pending = {"push.state": PushState.PENDING.value}
    return await database[NOTIFICATIONS].find_one(pending, {"_id": 1}) is not None


def _pending(recipient: UUID, due_at: datetime | None) -> Notification:
    event, at = new_id(), now()
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
        expires_at=at + timedelta(days=180),
        push=Push(state=PushState.PENDING, urgency=Urgency.NORMAL, next_at=due_at or at),
    )
