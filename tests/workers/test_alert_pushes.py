"""Urgent alerts, told to each device of their area; against the real database and the stand-in."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.metrics import AlertGauge
from smartcity.alerts.deliveries.counts import DeliveryCounts
from smartcity.alerts.deliveries.model import DeliveryState, Progress
from smartcity.alerts.deliveries.planning import EXPIRED, SUPERSEDED
from smartcity.alerts.deliveries.store import STRAGGLERS, DeliveryStore
from smartcity.alerts.lifecycle import DeliveryMode
from smartcity.cancelling import end
from smartcity.city.model import City
from smartcity.clock import now
from smartcity.identity.devices.service import DeviceService
from smartcity.notifications.model import Urgency, notification_id
from smartcity.notifications.pace import Pace
from smartcity.notifications.push import (
    NOT_CONFIGURED,
    NotConfigured,
    Outcome,
    PushMessage,
    PushResult,
    PushSender,
)
from smartcity.notifications.retries import OUT_OF_TIME
from smartcity.notifications.store import NotificationStore
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.alerted import Officer, alert_pusher, alert_pushes, numbered, phones_in
from tests.workers.backlog import backlog
from tests.workers.notified import device
from workers.alert_walks import OUT_OF_TURN
from workers.pusher import IN_HAND, Pusher
from workers.pushes import NotificationPushes

pytestmark = pytest.mark.anyio

WARD, NEXT = "00070", "00082"


@pytest.fixture
def officer(database: Database) -> Officer:
    return Officer(database)


@pytest.fixture
def pusher(database: Database, hanoi: City, sender: PushSender, lease: Lease) -> Pusher:
    """One that sends nothing but alerts."""
    return alert_pusher(alert_pushes(database, hanoi, sender), sender, lease)


def told(fcm: Fcm) -> Counter[str]:
    return Counter(taken["target"] for taken in fcm.messages())


async def test_every_device_of_the_area_that_has_an_address_is_told_once(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["a", "b", None], WARD)
    await phones_in(database, ["both", None], WARD, NEXT)
    await phones_in(database, ["elsewhere"], "00004")
    alert = await officer.issue(WARD, NEXT)
    assert await pusher.run_once() == 3
    assert await pusher.run_once() == 0
    assert told(fcm) == {"a": 1, "b": 1, "both": 1}
    delivery = await officer.delivery(alert)
    assert delivery.state is DeliveryState.DONE
    assert (delivery.progress.sent, delivery.progress.failed) == (3, 0)


async def test_an_alert_for_everybody_is_told_to_who_follows_nothing_too(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["a", None, "b"])
    await phones_in(database, ["c"], WARD)
    alert = await officer.issue()
    await pusher.run_once()
    assert told(fcm) == {"a": 1, "b": 1, "c": 1}
    assert (await officer.delivery(alert)).state is DeliveryState.DONE


async def test_the_push_says_what_the_inbox_says_in_the_device_s_language_and_under_its_id(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    (phone,) = await phones_in(database, ["phone"], WARD, language="en")
    await phones_in(database, ["stranger"], WARD, language="fr")
    alert = await officer.issue(WARD)
    await pusher.run_once()
    (taken,) = fcm.messages("phone")
    message = taken["message"]
    assert message["notification"] == {"title": "The river is rising", "body": "Tonight."}
    assert alert.latest is not None
    name = str(notification_id(alert.latest.id, phone))
    assert message["data"] == {
        "id": name,
        "topic": "alert",
        "subject": str(alert.id),
        "action": "issue",
    }
    assert message["apns"]["headers"]["apns-collapse-id"] == name
    assert message["android"]["priority"] == "high"
    (other,) = fcm.messages("stranger")
    assert other["message"]["notification"]["title"] == "Nước sông dâng cao"


async def test_a_cancellation_tells_everybody_who_was_ever_told(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["a", "b"], WARD)
    alert = await officer.issue(WARD)
    await pusher.run_once()
    await officer.cancel(alert)
    await pusher.run_once()
    assert told(fcm) == {"a": 2, "b": 2}
    _, last = fcm.messages("a")
    assert last["message"]["data"]["action"] == "cancel"
    assert last["message"]["notification"]["title"].startswith("Đã hủy")


async def test_something_newer_stops_what_is_being_told(
    database: Database,
    hanoi: City,
    officer: Officer,
    sender: PushSender,
    lease: Lease,
    fcm: Fcm,
) -> None:
    """No more of it leaves than was in hand."""
    phones = IN_HAND + 1000
    await phones_in(database, numbered(phones), WARD)
    alert = await officer.issue(WARD)
    source = alert_pushes(database, hanoi, sender)
    running = asyncio.create_task(alert_pusher(source, sender, lease, 10_000).run_once())
    while fcm.counts().get("taken", 0) < 100:
        await asyncio.sleep(0.02)
    await officer.cancel(alert)
    before = fcm.counts()["taken"]
    await running
    stopped, cancelled = await DeliveryStore(database).of_alert(alert.id)
    assert (stopped.state, stopped.reason) == (DeliveryState.STOPPED, SUPERSEDED)
    assert (cancelled.state, cancelled.progress.sent) == (DeliveryState.DONE, phones)
    assert fcm.counts()["taken"] < before + IN_HAND + phones


async def test_what_expired_wakes_nobody(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["phone"], WARD)
    alert = await officer.issue(WARD, holds=timedelta(seconds=0.5))
    await asyncio.sleep(0.6)
    assert await pusher.run_once() == 0
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, EXPIRED)
    assert not fcm.messages()


async def test_what_could_not_be_told_within_a_day_is_given_up(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["phone"], WARD)
    a_day_ago = now() - timedelta(days=1, minutes=1)
    alert = await officer.issue(WARD, at=a_day_ago, holds=timedelta(days=2))
    await pusher.run_once()
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, OUT_OF_TIME)
    assert not fcm.messages()


async def test_without_configuration_a_delivery_says_that_nobody_is_told(
    database: Database, hanoi: City, officer: Officer, lease: Lease
) -> None:
    nobody = NotConfigured()
    alert = await officer.issue(WARD)
    await alert_pusher(alert_pushes(database, hanoi, nobody), nobody, lease).run_once()
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, NOT_CONFIGURED)


async def test_who_cannot_be_told_now_is_told_later_and_holds_nobody_up(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    first, *_ = await phones_in(database, ["first", *numbered(50)], WARD)
    fcm.fault(error="UNAVAILABLE", target="first")
    alert = await officer.issue(WARD)
    await pusher.run_once()
    delivery = await officer.delivery(alert)
    assert delivery.state is DeliveryState.RUNNING
    assert UUID(delivery.progress.after) > first
    assert delivery.progress.sent == 50
    assert await database[STRAGGLERS].distinct("whom") == [str(first)]
    assert await pusher.run_once() == 0
    await asyncio.sleep(1.1)
    assert await pusher.run_once() == 1
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.sent) == (DeliveryState.DONE, 51)
    assert told(fcm) == Counter(["first", *numbered(50)])
    assert await database[STRAGGLERS].count_documents({}) == 0


async def test_who_is_tried_again_until_the_end_has_failed(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["late", "later", "phone"], WARD)
    fcm.fault(error="UNAVAILABLE", target="late", retry_after=600)
    fcm.fault(error="UNAVAILABLE", target="later", times=100)
    alert = await officer.issue(WARD, holds=timedelta(seconds=2))
    await pusher.run_once()
    assert (await officer.delivery(alert)).progress.failed == 1
    await asyncio.sleep(2.1)
    await pusher.run_once()
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.reason) == (DeliveryState.STOPPED, EXPIRED)
    assert (delivery.progress.sent, delivery.progress.failed) == (1, 2)
    assert await database[STRAGGLERS].count_documents({}) == 0


async def test_an_address_that_reaches_nobody_is_forgotten(
    database: Database, officer: Officer, pusher: Pusher, devices: DeviceService
) -> None:
    (phone,) = await phones_in(database, ["unregistered-1"], WARD)
    alert = await officer.issue(WARD)
    await pusher.run_once()
    assert (await devices.get(phone)).push is None
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.failed) == (DeliveryState.DONE, 1)


async def test_who_lost_the_address_meanwhile_is_waited_for_no_longer(
    database: Database, officer: Officer, pusher: Pusher, devices: DeviceService, fcm: Fcm
) -> None:
    (phone,) = await phones_in(database, ["phone"], WARD)
    fcm.fault(error="UNAVAILABLE", target="phone")
    alert = await officer.issue(WARD)
    await pusher.run_once()
    address = (await devices.get(phone)).push
    assert address is not None
    await devices.forget([address])
    await asyncio.sleep(1.1)
    await pusher.run_once()
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.failed) == (DeliveryState.DONE, 1)


class Dying:
    """Answers so many, and hears what became of no other."""

    def __init__(self, sender: PushSender, lives: int) -> None:
        self._sender = sender
        self._lives = lives
        self.dead = asyncio.Event()
        self._buried = asyncio.Event()

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        results = await self._sender.send(batch)
        self._lives -= 1
        if self._lives < 0:
            self.dead.set()
            await self._buried.wait()
            raise asyncio.CancelledError
        return results

    async def bury(self, running: asyncio.Task[int]) -> None:
        running.cancel()
        self._buried.set()
        await end(running)


@pytest.mark.parametrize("lives", [1, 700, IN_HAND + 1000])
async def test_who_goes_on_after_a_death_misses_nobody_and_repeats_what_was_in_hand(
    lives: int,
    database: Database,
    hanoi: City,
    officer: Officer,
    sender: PushSender,
    lease: Lease,
    pusher: Pusher,
    fcm: Fcm,
) -> None:
    phones = IN_HAND + 2000
    await phones_in(database, numbered(phones), WARD)
    fcm.fault(error="UNAVAILABLE", times=40)
    alert = await officer.issue(WARD)
    dying = Dying(sender, lives)
    killed = alert_pusher(alert_pushes(database, hanoi, dying), dying, lease)
    running = asyncio.create_task(killed.run_once())
    await dying.dead.wait()
    await dying.bury(running)
    while (await officer.delivery(alert)).state is not DeliveryState.DONE:
        await pusher.run_once()
        await asyncio.sleep(0.1)
    told = fcm.ids()
    assert told["different"] == phones
    assert told["repeats"] <= IN_HAND
    assert (await officer.delivery(alert)).progress.sent == phones


class Stuck:
    """Answers for everybody at once but for the first, who is not answered for until the end."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.sent: Counter[str] = Counter()

    async def send(self, batch: Sequence[PushMessage]) -> list[PushResult]:
        self.sent.update(message.address.value for message in batch)
        if batch[0].address.value == "first":
            await self.free.wait()
        return [PushResult(Outcome.SENT) for _ in batch]


async def test_one_who_is_slow_is_put_aside_and_the_walk_goes_on(
    database: Database, hanoi: City, officer: Officer, lease: Lease
) -> None:
    many = OUT_OF_TURN + 2 * IN_HAND
    first, *_, last = await phones_in(database, ["first", *numbered(many)], WARD)
    stuck = Stuck()
    alert = await officer.issue(WARD)
    pusher = alert_pusher(alert_pushes(database, hanoi, stuck), stuck, lease)
    running = asyncio.create_task(pusher.run_once())
    async with asyncio.timeout(20):
        while (await officer.delivery(alert)).progress.after != str(last):
            await asyncio.sleep(0.05)
    assert await database[STRAGGLERS].distinct("whom") == [str(first)]
    assert (await officer.delivery(alert)).state is DeliveryState.RUNNING
    stuck.free.set()
    await running
    delivery = await officer.delivery(alert)
    assert (delivery.state, delivery.progress.sent) == (DeliveryState.DONE, many + 1)
    assert set(stuck.sent.values()) == {1}


async def test_who_is_slow_when_the_process_dies_is_not_forgotten(
    database: Database, hanoi: City, officer: Officer, lease: Lease, pusher: Pusher, fcm: Fcm
) -> None:
    many = OUT_OF_TURN + IN_HAND
    *_, last = await phones_in(database, ["first", *numbered(many)], WARD)
    stuck = Stuck()
    alert = await officer.issue(WARD)
    dying = alert_pusher(alert_pushes(database, hanoi, stuck), stuck, lease)
    running = asyncio.create_task(dying.run_once())
    async with asyncio.timeout(20):
        while (await officer.delivery(alert)).progress.after != str(last):
            await asyncio.sleep(0.05)
    await end(running)
    await pusher.run_once()
    assert (await officer.delivery(alert)).state is DeliveryState.RUNNING
    await database[STRAGGLERS].update_many({}, {"$set": {"next_at": now()}})
    await pusher.run_once()
    assert (await officer.delivery(alert)).state is DeliveryState.DONE
    assert told(fcm) == {"first": 1}


async def test_of_two_who_both_believe_that_they_send_one_goes_on(
    database: Database, hanoi: City, officer: Officer, sender: PushSender, fcm: Fcm
) -> None:
    phones = 3 * IN_HAND
    await phones_in(database, numbered(phones), WARD)
    alert = await officer.issue(WARD)
    both = [
        alert_pusher(alert_pushes(database, hanoi, sender), sender, Lease(database, name, name, 10))
        for name in ("one", "other")
    ]
    await asyncio.gather(*(pusher.run_once() for pusher in both))
    for pusher in both:
        await pusher.run_once()
    told = fcm.ids()
    assert told["different"] == phones
    assert told["repeats"] <= IN_HAND
    assert (await officer.delivery(alert)).state is DeliveryState.DONE


async def test_an_alert_overtakes_a_bulk_that_is_larger_than_what_is_in_hand(
    database: Database,
    hanoi: City,
    officer: Officer,
    store: NotificationStore,
    devices: DeviceService,
    sender: PushSender,
    lease: Lease,
    fcm: Fcm,
) -> None:
    await backlog(database, [await device(devices, "bulk")], 2 * IN_HAND)
    pushes = [NotificationPushes(store, devices, one) for one in (Urgency.HIGH, Urgency.NORMAL)]
    sources = [alert_pushes(database, hanoi, sender), *pushes]
    pusher = Pusher(sources, sender, lease, Pace(500))
    running = asyncio.create_task(pusher.run_once())
    while not fcm.counts().get("taken"):
        await asyncio.sleep(0.02)
    await phones_in(database, ["near"], WARD)
    await officer.issue(WARD)
    before = fcm.counts()["taken"]
    async with asyncio.timeout(5):
        while not fcm.messages("near"):
            await asyncio.sleep(0.02)
    assert fcm.counts()["taken"] - before < 200
    pusher.finish()
    await running


async def test_what_presses_goes_before_what_is_told_by_topic(
    database: Database, officer: Officer, pusher: Pusher, fcm: Fcm
) -> None:
    await phones_in(database, ["near"], WARD)
    await officer.issue(WARD, mode=DeliveryMode.TOPICS)
    await officer.issue(WARD)
    await pusher.run_once()
    first, *topics = [taken["target"] for taken in fcm.messages()]
    assert first == "near"
    assert set(topics) == {f"unit-{WARD}-vi", f"unit-{WARD}-en"}


async def test_a_finished_pusher_goes_on_where_it_was(
    database: Database, hanoi: City, officer: Officer, sender: PushSender, lease: Lease, fcm: Fcm
) -> None:
    await phones_in(database, numbered(1500), WARD)
    alert = await officer.issue(WARD)
    pusher = alert_pusher(alert_pushes(database, hanoi, sender), sender, lease, 2000)
    running = asyncio.create_task(pusher.run_once())
    while not fcm.counts().get("taken"):
        await asyncio.sleep(0.02)
    pusher.finish()
    await running
    part = (await officer.delivery(alert)).progress
    assert 0 < part.sent < 1500
    assert part.after != Progress().after
    await alert_pusher(alert_pushes(database, hanoi, sender), sender, lease).run_once()
    assert fcm.ids() == {"different": 1500, "repeats": 0}


async def test_how_many_were_told_is_among_the_figures(
    database: Database, officer: Officer, pusher: Pusher
) -> None:
    await phones_in(database, ["phone", "another", "invalid-1"], WARD)
    await officer.issue(WARD)
    await pusher.run_once()
    counts, registry = DeliveryCounts(DeliveryStore(database)), CollectorRegistry()
    await counts.refresh()
    registry.register(AlertGauge(counts))
    figures = generate_latest(registry).decode()
    for figure in (
        'smartcity_alert_deliveries{mode="direct",state="done"} 1.0',
        'smartcity_alert_pushes{mode="direct",outcome="sent",state="done"} 2.0',
        'smartcity_alert_pushes{mode="direct",outcome="failed",state="done"} 1.0',
    ):
        assert figure in figures
