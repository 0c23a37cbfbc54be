"""The pusher, against the real database and the stand-in for FCM."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.identity.devices.service import DeviceService
from smartcity.identity.devices.store import DeviceStore
from smartcity.notifications.fcm import push_sender
from smartcity.notifications.model import (
    Notification,
    Push,
    PushState,
    Urgency,
    notification_id,
)
from smartcity.notifications.push import (
    NOT_CONFIGURED,
    NotConfigured,
    Outcome,
    PushMessage,
    PushResult,
    PushSender,
)
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.notified import device
from workers.pusher import NO_ADDRESS, OUT_OF_TIME, Pusher

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(database: Database) -> NotificationStore:
    return NotificationStore(database)


@pytest.fixture
def devices(database: Database, hanoi: City) -> DeviceService:
    return DeviceService(DeviceStore(database), hanoi)


@pytest.fixture
async def sender(fcm: Fcm) -> AsyncIterator[PushSender]:
    async with push_sender(project="hanoi", credentials="", endpoint=fcm.url) as opened:
        yield opened


@pytest.fixture
def lease(database: Database) -> Lease:
    return Lease(database, "pusher", "this process", 10)


@pytest.fixture
def pusher(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease
) -> Pusher:
    return Pusher(store, devices, sender, lease)


def waiting(recipient: UUID, created_at: datetime | None = None) -> Notification:
    event, at = new_id(), created_at or now()
    return Notification(
        id=notification_id(event, recipient),
        recipient=recipient,
        event=event,
        seq=1,
        topic=Topic.REPORT,
        subject=new_id(),
        action="receive",
        title="Đã được tiếp nhận",
        body="",
        language="vi",
        created_at=at,
        expires_at=now() + timedelta(days=180),
        push=Push(state=PushState.PENDING, urgency=Urgency.NORMAL, next_at=at),
    )


async def push_of(store: NotificationStore, recipient: UUID) -> Push:
    (one,) = await store.page(recipient, None, 10, unread=False)
    return one.push


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
    await Pusher(store, devices, NotConfigured(), lease).run_once()
    push = await push_of(store, phone)
    assert (push.state, push.reason) == (PushState.NOT_SENT, NOT_CONFIGURED)
    assert (await store.counts_by_push_state())[PushState.NOT_SENT] == 1


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


async def test_one_of_two_processes_sends(
    pusher: Pusher,
    store: NotificationStore,
    devices: DeviceService,
    sender: PushSender,
    database: Database,
    fcm: Fcm,
) -> None:
    other = Pusher(store, devices, sender, Lease(database, "pusher", "another process", 10))
    phones = [await device(devices, f"phone-{n}") for n in range(20)]
    assert await pusher.run_once() == 0
    await store.add([waiting(phone) for phone in phones])
    done = await asyncio.gather(pusher.run_once(), other.run_once())
    assert sorted(done) == [0, 20]
    assert len(fcm.messages()) == 20


class Dying:
    """Sends a message and dies before it can tell."""

    def __init__(self, sender: PushSender) -> None:
        self._sender = sender

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        await self._sender.send(batch)
        raise ConnectionAbortedError


async def test_a_push_in_flight_at_a_death_is_repeated_under_the_same_id(
    store: NotificationStore,
    devices: DeviceService,
    sender: PushSender,
    lease: Lease,
    fcm: Fcm,
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone)])
    with pytest.raises(ExceptionGroup):
        await Pusher(store, devices, Dying(sender), lease).run_once()
    await Pusher(store, devices, sender, lease).run_once()
    first, again = fcm.messages("phone")
    assert first["message"]["data"] == again["message"]["data"]
    assert first["message"]["apns"]["headers"]["apns-collapse-id"] == first["message"]["data"]["id"]


class Slow:
    """Answers whom it knows, and leaves everybody else waiting."""

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        if any(message.address.value == "stuck" for message in batch):
            await asyncio.Event().wait()
        return [PushResult(Outcome.SENT) for _ in batch]


async def test_what_was_answered_is_written_down_while_others_are_still_on_their_way(
    store: NotificationStore, devices: DeviceService, lease: Lease
) -> None:
    start = now()
    phones = [await device(devices, f"phone-{n}") for n in range(100)]
    stuck = await device(devices, "stuck")
    everybody = [*phones, stuck]
    await store.add(
        [waiting(one, start + timedelta(milliseconds=n)) for n, one in enumerate(everybody)]
    )
    await asyncio.sleep(0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Pusher(store, devices, Slow(), lease).run_once(), 2)
    counts = await store.counts_by_push_state()
    assert (counts[PushState.SENT], counts[PushState.PENDING]) == (100, 1)


async def test_a_slow_answer_costs_nobody_the_lease(
    store: NotificationStore, devices: DeviceService, database: Database
) -> None:
    await store.add([waiting(await device(devices, "stuck"))])
    one = Pusher(store, devices, Slow(), Lease(database, "pusher", "one", 3))
    other = Pusher(store, devices, Slow(), Lease(database, "pusher", "other", 3))
    running = asyncio.create_task(one.run_once())
    for _ in range(10):
        await asyncio.sleep(0.4)
        assert await other.run_once() == 0
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_who_lost_the_lease_stops_waiting(
    store: NotificationStore, devices: DeviceService, database: Database, lease: Lease
) -> None:
    await store.add([waiting(await device(devices, "stuck"))])
    running = asyncio.create_task(Pusher(store, devices, Slow(), lease).run_once())
    await asyncio.sleep(0.3)
    await database["leases"].update_one(
        {"_id": "pusher"},
        [{"$set": {"holder": "another", "until": {"$add": ["$$NOW", 60_000]}, "fence": 99}}],
    )
    assert await asyncio.wait_for(running, 9) == 1
    assert (await store.counts_by_push_state())[PushState.PENDING] == 1
