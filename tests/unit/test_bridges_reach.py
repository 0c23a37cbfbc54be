"""Whether a message reached somebody, as far as anybody can know."""

from datetime import timedelta

import msgspec
import pytest

from smartcity.bridges import SeenNotifications
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.model import Notification, Push, PushState, Urgency, notification_id
from smartcity.notifications.store import NotificationStore
from smartcity.storage.mongo import Database
from tests.workers.notified import device

pytestmark = pytest.mark.anyio


async def test_a_message_reached_whoever_read_it_or_was_there_since(
    database: Database, hanoi: City
) -> None:
    devices, inbox = DeviceStore(database), NotificationStore(database)
    reach = SeenNotifications(inbox, devices)
    phone, question, at = await device(DeviceService(devices, hanoi), None), new_id(), now()
    assert not await reach.reached(question, phone), "nothing was sent"
    told = Notification(
        id=notification_id(question, phone),
        recipient=phone,
        event=question,
        seq=1,
        topic=Topic.REPORT,
        subject=new_id(),
        action="ask",
        title="",
        body="",
        language="vi",
        created_at=at + timedelta(hours=1),
        expires_at=at + timedelta(days=90),
        push=Push(state=PushState.SENT, urgency=Urgency.HIGH),
    )
    await inbox.add([told])
    assert not await reach.reached(question, phone), "a push that was sent is no phone that rang"
    await devices.seen(phone, at + timedelta(days=1))
    assert await reach.reached(question, phone)
    caller = new_id()  # an inbox without a device: of an account, say
    copy = notification_id(question, caller)
    await inbox.add([msgspec.structs.replace(told, id=copy, recipient=caller)])
    assert not await reach.reached(question, caller)
    await inbox.read(caller, [copy], at + timedelta(hours=2))
    assert await reach.reached(question, caller)
