"""What comes within a minute rings once more, whoever dies: notifier and pusher together, against
the real database and the stand-in for FCM. A minute is two seconds here.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from smartcity.city.model import City
from smartcity.clock import now
from smartcity.feed.event import Event, Published, Topic
from smartcity.identifiers import new_id
from smartcity.notifications.model import Notification, PushState
from smartcity.notifications.store import NOTIFICATIONS, NotificationStore
from smartcity.notifications.trailing.rules import WITH_ANOTHER
from smartcity.notifications.trailing.store import TrailingStore
from smartcity.storage.mongo import Database
from tests.standins.fixtures import Fcm
from tests.workers.notified import Telling, device, published
from workers.pusher import Pusher

pytestmark = pytest.mark.anyio

APART = timedelta(seconds=2)


@pytest.fixture
def telling(database: Database, hanoi: City) -> Telling:
    return Telling(database, hanoi, APART)


class Dying(NotificationStore):
    """The process is killed before it can write anything down."""

    async def add(self, notifications: Sequence[Notification]) -> None:
        raise ConnectionError


async def test_the_phone_rings_at_once_and_then_for_what_needs_its_owner(
    telling: Telling, pusher: Pusher, fcm: Fcm
) -> None:
    phone, report = await device(telling.devices, "phone"), new_id()
    steps = [
        published(seq, action, report=report, reporter=phone, status=status)
        for seq, (action, status) in enumerate(
            (("receive", "received"), ("ask", "waiting"), ("comment", "waiting"))
        )
    ]
    await telling.tell(steps[0])
    await pusher.run_once()
    await telling.tell(*steps[1:])
    await pusher.run_once()
    assert rung(fcm) == ["receive"]
    await asyncio.sleep(APART.total_seconds())
    await pusher.run_once()
    assert rung(fcm) == ["receive", "ask"]
    comment, *_ = inbox = await telling.inbox(phone)
    assert [one.action for one in inbox] == ["comment", "ask", "receive"]
    assert (comment.push.state, comment.push.reason) == (PushState.NONE, WITH_ANOTHER)


async def test_two_reports_do_not_wait_for_each_other_nor_do_two_people(
    telling: Telling, pusher: Pusher, fcm: Fcm
) -> None:
    one, other = [await device(telling.devices, name) for name in ("one", "other")]
    report = new_id()
    await telling.follows.follow_report(other, report)
    await telling.tell(published(1, report=report, reporter=one), published(2, reporter=one))
    await pusher.run_once()
    assert sorted(rung(fcm)) == ["receive"] * 3


async def test_a_notifier_that_dies_between_giving_up_a_push_and_writing_another_mends_it(
    telling: Telling, database: Database, hanoi: City
) -> None:
    phone, report = await device(telling.devices, "phone"), new_id()
    steps = [
        published(seq, action, report=report, reporter=phone)
        for seq, action in enumerate(("receive", "start", "resolve"))
    ]
    await telling.tell(steps[0])
    await telling.tell(steps[1])
    with pytest.raises(ConnectionError):
        await Telling(database, hanoi, APART, Dying(database)).tell(steps[2])
    for _ in range(2):
        await telling.tell(*steps)
    resolve, start, receive = await telling.inbox(phone)
    assert start.push.reason == WITH_ANOTHER
    assert [one.push.state for one in (receive, resolve)] == [PushState.PENDING] * 2
    assert receive.push.next_at is not None
    assert resolve.push.next_at == receive.push.next_at + APART


async def test_a_push_that_is_on_its_way_is_not_given_up(
    telling: Telling, database: Database
) -> None:
    phone, report = await device(telling.devices, "phone"), new_id()
    await telling.tell(published(1, "receive", report=report, reporter=phone))
    await telling.tell(published(2, "start", report=report, reporter=phone))
    due = {"$set": {"push.next_at": now()}}
    await database[NOTIFICATIONS].update_one({"action": "start"}, due)
    await telling.tell(published(3, "resolve", report=report, reporter=phone))
    resolve, start, _ = await telling.inbox(phone)
    assert start.push.state is PushState.PENDING
    assert resolve.push.next_at is not None
    assert start.push.next_at is not None
    assert resolve.push.next_at == start.push.next_at + APART
    await TrailingStore(database).give_up([start.id], WITH_ANOTHER, now())
    assert (await telling.inbox(phone))[1].push == start.push


async def test_a_dossier_that_changes_again_and_again_rings_twice(
    telling: Telling, pusher: Pusher, fcm: Fcm
) -> None:
    phone, dossier = await device(telling.devices, "phone"), new_id()
    await telling.follows.follow(phone, dossier, Topic.DOSSIER)
    for seq in range(5):
        batch = new_id()
        telling.dossiers.batches[batch] = [dossier]
        await telling.tell(bulk(seq, batch))
    await asyncio.sleep(APART.total_seconds())
    await pusher.run_once()
    assert len(rung(fcm)) == 2
    assert len(await telling.inbox(phone)) == 5


def bulk(seq: int, batch: UUID) -> Published:
    event = Event(
        id=new_id(), topic=Topic.BULK, action="import", at=now(), of=Topic.DOSSIER, batch=batch
    )
    return Published(seq=seq, epoch="TEST", event=event)


def rung(fcm: Fcm) -> list[str]:
    return [push["message"]["data"]["action"] for push in fcm.messages()]
