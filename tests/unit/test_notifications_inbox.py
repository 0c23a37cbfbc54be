"""The inbox, against the real database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from smartcity.clock import now
from smartcity.feed.event import Topic
from smartcity.identifiers import new_id
from smartcity.notifications.inbox import InboxService
from smartcity.notifications.model import Notification, Push, PushState, Urgency, notification_id
from smartcity.notifications.store import NEWEST_FIRST, NotificationStore
from smartcity.storage.mongo import Database
from tests.workers.notified import inbox_of

pytestmark = pytest.mark.anyio

ME, SOMEBODY_ELSE = new_id(), new_id()
THEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def notification(
    seq: int, recipient: UUID = ME, created_at: datetime = THEN, event: UUID | None = None
) -> Notification:
    event = event or new_id()
    return Notification(
        id=notification_id(event, recipient),
        recipient=recipient,
        event=event,
        seq=seq,
        topic=Topic.REPORT,
        subject=new_id(),
        action="receive",
        title=f"Number {seq}",
        body="",
        language="en",
        created_at=created_at,
        expires_at=now() + timedelta(days=1),
        push=Push(state=PushState.PENDING, urgency=Urgency.NORMAL, next_at=created_at),
    )


def order(one: Notification) -> tuple[datetime, int, bytes]:
    return one.created_at, one.seq, one.id.bytes


@pytest.fixture
def store(database: Database) -> NotificationStore:
    return NotificationStore(database)


@pytest.fixture
def inbox(database: Database, store: NotificationStore) -> InboxService:
    return inbox_of(database)


async def test_a_notification_comes_back_as_it_was_written(store: NotificationStore) -> None:
    written = notification(1)
    await store.add([written])
    assert await store.page(ME, None, 10, unread=False) == [written]


async def test_a_repeated_event_is_in_the_inbox_once_and_stays_read(
    store: NotificationStore, inbox: InboxService
) -> None:
    event = new_id()
    first, again = notification(1, event=event), notification(1, event=event)
    await store.add([first])
    await inbox.mark_read(ME, [first.id])
    await store.add([again, notification(2)])
    assert [one.seq for one in await inbox.page(ME, None, 10)] == [2, 1]
    assert await inbox.unread(ME) == 1


async def test_pages_follow_each_other_without_gap_or_repeat(
    store: NotificationStore, inbox: InboxService
) -> None:
    # Several of one moment, in the feed's order; and several of one event, as an import makes them.
    moments = [THEN + timedelta(seconds=n // 5) for n in range(23)]
    written = [notification(n // 2, created_at=moment) for n, moment in enumerate(moments)]
    await store.add(written)
    seen: list[Notification] = []
    while page := await inbox.page(ME, seen[-1].place if seen else None, 4):
        seen += page
    assert [one.id for one in seen] == [one.id for one in sorted(written, key=order, reverse=True)]


async def test_everybody_sees_and_reads_only_their_own(
    store: NotificationStore, inbox: InboxService
) -> None:
    theirs = notification(1, SOMEBODY_ELSE)
    await store.add([theirs])
    assert await inbox.page(ME, None, 10) == []
    await inbox.mark_read(ME, [theirs.id])
    await inbox.mark_all_read(ME, now())
    assert await inbox.unread(SOMEBODY_ELSE) == 1


async def test_reading_all_up_to_a_moment_leaves_what_came_later(
    store: NotificationStore, inbox: InboxService
) -> None:
    later = THEN + timedelta(seconds=1)
    await store.add([notification(1), notification(2), notification(3, created_at=later)])
    await inbox.mark_all_read(ME, THEN)
    assert [one.seq for one in await inbox.page(ME, None, 10, unread=True)] == [3]
    assert await inbox.unread(ME) == 1


async def test_reading_again_keeps_the_first_time(
    store: NotificationStore, inbox: InboxService
) -> None:
    one = notification(1)
    await store.add([one])
    await inbox.mark_read(ME, [one.id])
    (before,) = await inbox.page(ME, None, 10)
    await inbox.mark_all_read(ME, now())
    (after,) = await inbox.page(ME, None, 10)
    assert before.read_at is not None
    assert after == before


async def test_an_error_other_than_a_repeat_is_not_swallowed(
    store: NotificationStore, database: Database
) -> None:
    await database.command("collMod", "notifications", validator={"title": {"$ne": "Number 2"}})
    with pytest.raises(Exception, match="Document failed validation"):
        await store.add([notification(1), notification(2)])


@pytest.mark.parametrize(
    ("query", "index"),
    [({"recipient": ME}, "inbox"), ({"recipient": ME, "read_at": None}, "unread")],
)
async def test_the_inbox_and_the_unread_are_read_by_index(
    store: NotificationStore,
    inbox: InboxService,
    database: Database,
    query: dict[str, Any],
    index: str,
) -> None:
    await store.add([notification(seq) for seq in range(50)])
    await inbox.mark_all_read(ME, THEN)
    await store.add([notification(seq, created_at=now()) for seq in range(3)])
    found = database["notifications"].find(query).sort(list(NEWEST_FIRST)).limit(10)
    plan = str((await found.explain())["queryPlanner"]["winningPlan"])
    assert f"'indexName': '{index}'" in plan
    assert "'SORT'" not in plan


async def test_pushes_are_counted_by_state_and_reason(store: NotificationStore) -> None:
    sent, failed, tried, waiting, last = (notification(seq) for seq in range(5))
    await store.add([sent, failed, tried, waiting, last])
    await store.record_sent([sent.id], now())
    replace = msgspec.structs.replace
    lost = replace(failed.push, state=PushState.FAILED, reason="UNREGISTERED", next_at=None)
    later = replace(tried.push, reason="UNAVAILABLE")
    await store.record({failed.id: lost, tried.id: later})
    counts = await store.push_counts()
    assert counts == {
        PushState.PENDING: {"": 2, "UNAVAILABLE": 1},
        PushState.SENT: {"": 1},
        PushState.FAILED: {"UNREGISTERED": 1},
        PushState.NOT_SENT: {},
        PushState.NONE: {},
    }


async def test_a_push_that_is_settled_stays_settled(store: NotificationStore) -> None:
    one = notification(1)
    await store.add([one])
    sent = msgspec.structs.replace(one.push, state=PushState.SENT, next_at=None)
    await store.record({one.id: sent})
    await store.record({one.id: one.push})
    assert await store.due(one.push.urgency, now(), 10) == []


async def test_what_is_due_is_read_on_from_a_place_and_what_is_in_hand_is_left_out(
    store: NotificationStore, database: Database
) -> None:
    many = sorted((notification(seq) for seq in range(9)), key=lambda one: one.id)
    await store.add(many)
    urgency, at = many[0].push.urgency, now()
    first = await store.due(urgency, at, 4)
    behind = await store.due(urgency, at, 9, behind=first[-1].place)
    assert [one.id for one in (*first, *behind)] == [one.id for one in many]
    again = await store.due(urgency, at, 9, but=[one.id for one in first])
    assert [one.id for one in again] == [one.id for one in many[4:]]


async def test_a_push_that_was_sent_stands_in_no_index_of_pushes(
    store: NotificationStore, database: Database
) -> None:
    one = notification(1)
    await store.add([one])
    await store.record_sent([one.id], now())
    for index in ("push_due", "push_reasons"):
        (validated,) = [
            details["keysPerIndex"][index]
            for details in [await database.command("validate", "notifications")]
        ]
        assert validated == 0
