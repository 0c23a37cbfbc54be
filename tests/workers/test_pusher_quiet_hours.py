"""A phone is left alone in its quiet hours, against the real database and the stand-in for FCM."""

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.devices.model import DeviceChange, QuietHours
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import PushState, Urgency
from smartcity.notifications.store import NOTIFICATIONS, NotificationStore
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.backlog import push_of, waiting
from tests.workers.notified import device
from workers.pusher import Pusher
from workers.pushes import QUIET

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def sleeper(devices: DeviceService, city: City, begins: datetime, ends: datetime) -> UUID:
    """A phone whose quiet hours are between these moments."""
    phone = await device(devices, "phone")

    def of_the_wall(moment: datetime) -> time:
        return city.local(moment).time().replace(tzinfo=None)

    hours = QuietHours.between(of_the_wall(begins), of_the_wall(ends))
    await devices.update(phone, DeviceChange(quiet_hours=hours))
    return phone


async def test_what_is_not_urgent_waits_until_they_end(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm, hanoi: City
) -> None:
    end = (now() + HOUR).replace(microsecond=0)
    phone = await sleeper(devices, hanoi, now() - HOUR, end)
    await store.add([waiting(phone)])
    assert await pusher.run_once() == 0
    push = await push_of(store, phone)
    assert (push.state, push.reason, push.next_at) == (PushState.PENDING, QUIET, end)
    assert fcm.messages() == []


async def test_what_is_urgent_passes(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm, hanoi: City
) -> None:
    phone = await sleeper(devices, hanoi, now() - HOUR, now() + HOUR)
    await store.add([waiting(phone, urgency=Urgency.HIGH)])
    assert await pusher.run_once() == 1
    assert len(fcm.messages("phone")) == 1


async def test_outside_of_them_nothing_waits(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm, hanoi: City
) -> None:
    phone = await sleeper(devices, hanoi, now() + HOUR, now() - HOUR)
    await store.add([waiting(phone)])
    assert await pusher.run_once() == 1
    assert len(fcm.messages("phone")) == 1


async def test_what_waited_for_a_whole_night_is_sent_in_the_morning_and_is_not_too_old(
    database: Database,
    pusher: Pusher,
    store: NotificationStore,
    devices: DeviceService,
    fcm: Fcm,
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone, now() - timedelta(hours=23))])
    woken = {"push.reason": QUIET, "push.next_at": now(), "created_at": now() - timedelta(hours=25)}
    await database[NOTIFICATIONS].update_one({}, {"$set": woken})
    fcm.fault(error="UNAVAILABLE")
    await pusher.run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason) == (PushState.PENDING, "UNAVAILABLE"), "it is tried once more"
