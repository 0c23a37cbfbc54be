"""What becomes of each push, against the real database and the stand-in for FCM."""

import asyncio
from datetime import timedelta

import pytest

from smartcity.clock import now
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import PushState
from smartcity.notifications.push import (
    NOT_CONFIGURED,
    NotConfigured,
)
from smartcity.notifications.retries import OUT_OF_TIME
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease
from tests.standins.fixtures import Fcm
from tests.workers.backlog import push_of, pusher_of, waiting
from tests.workers.notified import device
from workers.pusher import Pusher
from workers.pushes import NO_ADDRESS

pytestmark = pytest.mark.anyio


async def test_what_waits_is_sent_once_and_written_down(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    one = waiting(phone)
    await store.add([one])
    assert await pusher.run_once() == 1
    assert await pusher.run_once() == 0
    (taken,) = fcm.messages("phone")
    assert taken["message"]["data"] == {
        "id": str(one.id),
        "topic": "report",
        "subject": str(one.subject),
        "action": "receive",
    }
    push = await push_of(store, phone)
    assert (push.state, push.attempts, push.next_at) == (PushState.SENT, 1, None)
    assert push.sent_at is not None


async def test_who_has_no_address_is_not_pushed_to(
    pusher: Pusher, store: NotificationStore, devices: DeviceService
) -> None:
    phone = await device(devices, None)
    await store.add([waiting(phone)])
    await pusher.run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason) == (PushState.NONE, NO_ADDRESS)


async def test_without_configuration_pushes_are_recorded_as_not_sent(
    store: NotificationStore, devices: DeviceService, lease: Lease
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone)])
    await pusher_of(store, devices, NotConfigured(), lease).run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason) == (PushState.NOT_SENT, NOT_CONFIGURED)
    assert (await store.push_counts())[PushState.NOT_SENT] == {NOT_CONFIGURED: 1}


@pytest.mark.parametrize("fid", ["unregistered-1", "mismatch-1"])
async def test_an_address_that_reaches_nobody_is_forgotten_and_the_device_stays(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fid: str
) -> None:
    phone = await device(devices, fid)
    await store.add([waiting(phone)])
    await pusher.run_once()
    assert (await push_of(store, phone)).state is PushState.FAILED
    assert (await devices.get(phone)).push is None


async def test_a_message_that_fcm_will_never_take_fails_with_its_reason(
    pusher: Pusher, store: NotificationStore, devices: DeviceService
) -> None:
    phone = await device(devices, "invalid-1")
    await store.add([waiting(phone)])
    await pusher.run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason) == (PushState.FAILED, "INVALID_ARGUMENT")
    assert (await devices.get(phone)).push is not None


async def test_a_passing_failure_is_tried_again_after_a_while(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone)])
    fcm.fault(error="UNAVAILABLE")
    await pusher.run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason, push.attempts) == (PushState.PENDING, "UNAVAILABLE", 1)
    assert push.next_at is not None
    assert push.next_at > now()
    assert await pusher.run_once() == 0
    await asyncio.sleep(1.1)
    assert await pusher.run_once() == 1
    assert (await push_of(store, phone)).state is PushState.SENT


async def test_fcm_s_own_time_is_waited_for(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone)])
    fcm.fault(error="QUOTA_EXCEEDED", retry_after=120)
    await pusher.run_once()
    push = await push_of(store, phone)
    assert push.next_at is not None
    assert push.next_at > now() + timedelta(seconds=100)


async def test_what_could_not_be_delivered_within_a_day_is_given_up(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm
) -> None:
    almost, past = await device(devices, "almost"), await device(devices, "past")
    a_day_ago, minute = now() - timedelta(days=1), timedelta(minutes=1)
    await store.add([waiting(almost, a_day_ago + minute), waiting(past, a_day_ago - minute)])
    fcm.fault(error="UNAVAILABLE", target="almost", retry_after=600)
    await pusher.run_once()
    assert (await push_of(store, almost)).reason == f"{OUT_OF_TIME}: UNAVAILABLE"
    assert (await push_of(store, past)).reason == OUT_OF_TIME
    assert fcm.messages() == []
