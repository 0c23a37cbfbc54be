"""Many pushes at once: order, pace, leases, deaths; against the real database and the stand-in."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from smartcity.clock import now
from smartcity.identifiers import new_id
from smartcity.identity.devices.model import PushAddress
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import DuePush, Push, PushState, Urgency
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import (
    Outcome,
    PushMessage,
    PushResult,
    PushSender,
)
from smartcity.notifications.retries import LONGEST_WAIT_S, wait_s
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.backlog import push_of, pusher_of, waiting
from tests.workers.notified import device
from workers.pusher import GROUP, IN_HAND, LANES, Pusher

pytestmark = pytest.mark.anyio


async def test_one_of_two_processes_sends(
    pusher: Pusher,
    store: NotificationStore,
    devices: DeviceService,
    sender: PushSender,
    database: Database,
    fcm: Fcm,
) -> None:
    other = pusher_of(store, devices, sender, Lease(database, "pusher", "another process", 10))
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
        await pusher_of(store, devices, Dying(sender), lease).run_once()
    await pusher_of(store, devices, sender, lease).run_once()
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
        await asyncio.wait_for(pusher_of(store, devices, Slow(), lease).run_once(), 2)
    counts = await store.push_counts()
    assert (counts[PushState.SENT], counts[PushState.PENDING]) == ({"": 100}, {"": 1})


async def test_a_slow_answer_costs_nobody_the_lease(
    store: NotificationStore, devices: DeviceService, database: Database
) -> None:
    await store.add([waiting(await device(devices, "stuck"))])
    one = pusher_of(store, devices, Slow(), Lease(database, "pusher", "one", 3))
    other = pusher_of(store, devices, Slow(), Lease(database, "pusher", "other", 3))
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
    running = asyncio.create_task(pusher_of(store, devices, Slow(), lease).run_once())
    await asyncio.sleep(0.3)
    await database["leases"].update_one(
        {"_id": "pusher"},
        [{"$set": {"holder": "another", "until": {"$add": ["$$NOW", 60_000]}, "fence": 99}}],
    )
    assert await asyncio.wait_for(running, 9) == 1
    assert (await store.push_counts())[PushState.PENDING] == {"": 1}


class Deaf:
    """Answers although it is cancelled, as a client may that has the answer already."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        self.sent += len(batch)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)
        return [PushResult(Outcome.SENT) for _ in batch]


class Unwritable(NotificationStore):
    async def record_sent(self, notifications: Collection[UUID], at: datetime) -> None:
        raise ConnectionAbortedError


class Unreadable(NotificationStore):
    """Is read once, as much as there is room for."""

    async def due(self, *args: Any, **kwargs: Any) -> list[DuePush]:
        if await self._notifications.find_one({"push.state": PushState.SENT.value}):
            raise ConnectionAbortedError
        return await super().due(*args, **kwargs)


@pytest.mark.parametrize("failing", [Unwritable, Unreadable])
async def test_nothing_more_leaves_when_the_database_fails(
    store: NotificationStore,
    devices: DeviceService,
    database: Database,
    lease: Lease,
    failing: type[NotificationStore],
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(IN_HAND)])
    sender = Deaf()
    with pytest.raises(ExceptionGroup):
        await pusher_of(failing(database), devices, sender, lease).run_once()
    assert sender.sent <= 4 * LANES, "what waited in memory would be sent again"


async def test_nothing_more_leaves_when_the_pusher_is_cancelled(
    store: NotificationStore, devices: DeviceService, lease: Lease
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(IN_HAND)])
    sender = Deaf()
    running = asyncio.create_task(pusher_of(store, devices, sender, lease).run_once())
    while not sender.sent:
        await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert sender.sent <= 2 * LANES


async def test_an_urgent_one_overtakes_a_running_bulk(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(1500)])
    running = asyncio.create_task(
        pusher_of(store, devices, sender, lease, per_second=2000).run_once()
    )
    while not fcm.counts().get("taken"):
        await asyncio.sleep(0.02)
    urgent = waiting(await device(devices, "urgent"), urgency=Urgency.HIGH)
    await store.add([urgent])
    await running
    targets = [taken["target"] for taken in fcm.messages()]
    assert len(targets) == 1501
    assert targets.index("urgent") < 1200


async def test_an_urgent_one_overtakes_a_bulk_that_is_larger_than_what_is_in_hand(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(IN_HAND + GROUP)])
    pusher = pusher_of(store, devices, sender, lease, per_second=500)
    running = asyncio.create_task(pusher.run_once())
    while not fcm.counts().get("taken"):
        await asyncio.sleep(0.02)
    before = fcm.counts()["taken"]
    await store.add([waiting(await device(devices, "urgent"), urgency=Urgency.HIGH)])
    async with asyncio.timeout(5):
        while not fcm.messages("urgent"):
            await asyncio.sleep(0.02)
    pusher.finish()
    await running
    assert fcm.counts()["taken"] - before < GROUP


async def test_the_pace_is_kept(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(250)])
    await pusher_of(store, devices, sender, lease, per_second=1000).run_once()
    times = [taken["at"] for taken in fcm.messages()]
    assert len(times) == 250
    assert times[-1] - times[0] > 1.2  # 98 at once, and then about as many a second


async def test_when_the_project_s_quota_is_used_up_nothing_leaves_for_a_minute(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    first, second = await device(devices, "first"), await device(devices, "second")
    await store.add([waiting(first)])
    pusher = pusher_of(store, devices, sender, lease)
    fcm.fault(error="PROJECT_QUOTA", retry_after=5)
    await pusher.run_once()
    push = await push_of(store, first)
    assert push.next_at is not None
    assert push.next_at > now() + timedelta(seconds=55)
    await store.add([waiting(second)])
    assert await pusher.run_once() == 0
    assert fcm.counts() == {"PROJECT_QUOTA": 1}


async def test_a_device_s_limit_makes_only_that_device_wait(
    pusher: Pusher, store: NotificationStore, devices: DeviceService, fcm: Fcm
) -> None:
    busy, other = await device(devices, "busy"), await device(devices, "other")
    await store.add([waiting(busy), waiting(other)])
    fcm.fault(error="DEVICE_QUOTA", target="busy", retry_after=30)
    await pusher.run_once()
    push = await push_of(store, busy)
    assert (push.state, push.reason) == (PushState.PENDING, "QUOTA_EXCEEDED (device)")
    assert push.next_at is not None
    assert push.next_at > now() + timedelta(seconds=25)
    assert (await push_of(store, other)).state is PushState.SENT
    await store.add([waiting(other)])
    assert await pusher.run_once() == 1


async def test_a_pusher_that_is_to_finish_comes_back_though_more_is_due(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    phone = await device(devices, "phone")
    await store.add([waiting(phone) for _ in range(500)])
    pusher = pusher_of(store, devices, sender, lease, per_second=1000)
    running = asyncio.create_task(pusher.run_once())
    while not fcm.counts().get("taken"):
        await asyncio.sleep(0.02)
    pusher.finish()
    await asyncio.wait_for(running, 3)
    sent = (await store.push_counts())[PushState.SENT][""]
    assert 0 < sent < 500
    assert fcm.ids() == {"different": sent, "repeats": 0}


async def test_a_bulk_larger_than_what_is_in_hand_is_sent_once_each(
    store: NotificationStore, devices: DeviceService, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    phones = [await device(devices, f"phone-{n}") for n in range(10)]
    many = 2 * IN_HAND
    await store.add([waiting(phones[n % 10]) for n in range(many)])
    assert await pusher_of(store, devices, sender, lease, 1_000_000).run_once() == many
    assert fcm.ids() == {"different": many, "repeats": 0}
    assert (await store.push_counts())[PushState.SENT][""] == many


class Overlapping:
    """Has a second message once the first is being written down, which ends when that was read."""

    def __init__(self) -> None:
        self._left = [message(), message()]
        self._writing, self._read = asyncio.Event(), asyncio.Event()

    async def take(self, room: int) -> Sequence[PushMessage]:
        if not self._left or (len(self._left) == 1 and not self._writing.is_set()):
            return []
        one = self._left.pop()
        if not self._left:
            self._read.set()
        return [one]

    async def settle(self, results: Sequence[tuple[PushMessage, PushResult]]) -> None:
        self._writing.set()
        await self._read.wait()

    def give_back(self) -> None: ...


def message() -> PushMessage:
    return PushMessage(
        id=new_id(),
        address=PushAddress("fid", "phone"),
        title="",
        body="",
        data={},
        urgency=Urgency.NORMAL,
    )


async def test_more_is_read_while_what_was_answered_is_written_down(
    sender: PushSender, lease: Lease
) -> None:
    pusher = Pusher([Overlapping()], sender, lease, Pace(10_000))
    async with asyncio.timeout(5):
        assert await pusher.run_once() == 2


async def test_a_pusher_that_is_to_finish_leaves_the_loop_to_others_meanwhile(
    store: NotificationStore, devices: DeviceService, lease: Lease
) -> None:
    await store.add([waiting(await device(devices, address)) for address in ("phone", "stuck")])
    pusher = pusher_of(store, devices, Slow(), lease)
    running = asyncio.create_task(pusher.run_once())
    await asyncio.sleep(0.3)
    pusher.finish()
    clock = asyncio.get_running_loop().time
    begin = clock()
    await asyncio.sleep(0.1)
    assert clock() - begin < 1, "a loop that does not wait holds everybody up"
    running.cancel()
    await asyncio.wait({running})


def test_waits_grow_are_spread_and_never_shorter_than_what_was_asked_for() -> None:
    def waits(attempts: int, asked_s: float = 0.0) -> list[float]:
        push = Push(state=PushState.PENDING, urgency=Urgency.NORMAL, attempts=attempts)
        made = [msgspec.structs.replace(waiting(new_id()), push=push) for _ in range(200)]
        due = [msgspec.convert(one, DuePush, from_attributes=True) for one in made]
        return [wait_s(one.id, one.push.attempts, asked_s) for one in due]

    for attempts in range(12):
        whole = min(LONGEST_WAIT_S, 2.0**attempts)
        found = waits(attempts)
        assert all(whole / 2 <= one <= whole for one in found)
        assert max(found) - min(found) > whole / 4
    asked = waits(0, 120)
    assert all(120 <= one <= 132 for one in asked)
    assert len(set(asked)) > 100
