"""The spine: what is promised in a document reaches the log once, in order, whatever happens."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from uuid import UUID

import msgspec
import pytest

from smartcity.clock import now
from smartcity.feed.event import Event, Topic
from smartcity.feed.outbox import outbox, promise
from smartcity.feed.publisher import Publisher
from smartcity.feed.store import PUBLISHER, FeedStore, LeaseLost
from smartcity.identifiers import new_id
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio

LEASE_S = 0.4


def an_event() -> Event:
    return Event(id=new_id(), topic=Topic.REPORT, action="receive", at=now(), subject=new_id())


@pytest.fixture
def feed(database: Database) -> FeedStore:
    return FeedStore(database)


def publisher(feed: FeedStore, database: Database, holder: str) -> Publisher:
    lease = Lease(database, PUBLISHER, holder, LEASE_S)
    return Publisher(feed, lease, ["things"], batch=50)


async def write(database: Database, *events: Event) -> UUID:
    document = new_id()
    await database["things"].insert_one({"_id": document, **outbox(events)})
    return document


async def append(database: Database, document: UUID, event: Event) -> None:
    await database["things"].update_one({"_id": document}, promise([event]))


async def log_of(feed: FeedStore) -> list[UUID]:
    events = await feed.after(0, 100_000, "any")
    assert [e.seq for e in events] == list(range(1, len(events) + 1)), "a gap in the log"
    return [e.event.id for e in events]


def ids(events: Sequence[Event]) -> list[UUID]:
    return [event.id for event in events]


async def test_promised_events_are_published_in_order_and_their_outbox_is_emptied(
    feed: FeedStore, database: Database
) -> None:
    events = [an_event() for _ in range(3)]
    document = await write(database, *events)
    assert await publisher(feed, database, "one").run_once() == 3
    assert await log_of(feed) == ids(events)
    left = await database["things"].find_one({"_id": document})
    assert left == {"_id": document, "seq": 3}


async def test_of_several_collections_what_waits_longest_is_published_first(
    feed: FeedStore, database: Database
) -> None:
    at = now() - timedelta(minutes=1)
    events = [
        msgspec.structs.replace(an_event(), at=at + timedelta(seconds=second))
        for second in range(4)
    ]
    for event, collection in zip(events, cycle(["things", "others"]), strict=False):
        await database[collection].insert_one({"_id": new_id(), **outbox([event])})
    lease = Lease(database, PUBLISHER, "one", LEASE_S)
    one = Publisher(feed, lease, ["others", "things"], batch=3)
    assert [await one.run_once(), await one.run_once()] == [3, 1]
    assert await log_of(feed) == ids(events)


async def test_an_event_that_came_while_the_outbox_was_cleared_stays_promised(
    feed: FeedStore, database: Database
) -> None:
    first, second = an_event(), an_event()
    document = await write(database, first)
    promises = await feed.promises(["things"], 10)
    await append(database, document, second)
    await feed.clear(promises, 1)
    left = await database["things"].find_one({"_id": document})
    assert left is not None
    assert [e["id"] for e in left["outbox"]] == [second.id]
    assert left["outbox_at"] == first.at, "a later change never moves the time of the oldest"


async def test_what_was_appended_and_not_cleared_is_not_appended_again(
    feed: FeedStore, database: Database
) -> None:
    event = an_event()
    await write(database, event)
    fence = await Lease(database, PUBLISHER, "killed", LEASE_S).acquire()
    assert fence is not None
    await feed.append(fence, [event])  # and here the process died
    await asyncio.sleep(LEASE_S * 1.5)
    assert await publisher(feed, database, "next").run_once() == 0
    assert await log_of(feed) == [event.id]
    assert await feed.promises(["things"], 10) == []


async def test_a_publisher_that_slept_for_longer_than_its_lease_can_append_nothing(
    feed: FeedStore, database: Database
) -> None:
    sleeper = Lease(database, PUBLISHER, "sleeper", LEASE_S)
    old = await sleeper.acquire()
    assert old is not None
    await asyncio.sleep(LEASE_S * 1.5)
    event = an_event()
    await write(database, event)
    assert await publisher(feed, database, "next").run_once() == 1
    with pytest.raises(LeaseLost):
        await feed.append(old, [an_event()])
    assert await log_of(feed) == [event.id]


async def test_of_two_publishers_at_once_every_event_is_published_once_and_in_its_order(
    feed: FeedStore, database: Database
) -> None:
    """Writers write, two publishers publish, each stalls now and then for longer than its lease."""
    written: dict[UUID, list[UUID]] = {}

    async def writer() -> None:
        for _ in range(15):
            first = an_event()
            document = await write(database, first)
            written[document] = [first.id]
            for _ in range(3):
                await asyncio.sleep(0.005)
                event = an_event()
                await append(database, document, event)
                written[document].append(event.id)

    stop = asyncio.Event()

    async def publish(holder: str, stall_every: int) -> None:
        one = publisher(feed, database, holder)
        rounds = 0
        while not stop.is_set():
            await one.run_once()
            rounds += 1
            await asyncio.sleep(LEASE_S * 2 if rounds % stall_every == 0 else 0.01)

    publishers = [asyncio.create_task(publish("a", 5)), asyncio.create_task(publish("b", 7))]
    await asyncio.gather(*(writer() for _ in range(4)))
    async with asyncio.timeout(30):
        while await feed.promises(["things"], 1):
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*publishers)

    published = await log_of(feed)
    assert len(published) == len(set(published)) == 4 * 15 * 4
    place = {event: index for index, event in enumerate(published)}
    for events in written.values():
        places = [place[event] for event in events]
        assert places == sorted(places), "the events of one document in their order"


async def test_an_announcement_is_published_like_any_other_event(
    feed: FeedStore, database: Database
) -> None:
    event = Event(id=new_id(), topic=Topic.BULK, action="import", at=now(), batch=new_id())
    await feed.announce(event)
    await feed.announce(event)
    lease = Lease(database, PUBLISHER, "one", LEASE_S)
    assert await Publisher(feed, lease, ["announcements"], batch=50).run_once() == 1
    assert await log_of(feed) == [event.id]


# --- how far everything is marked with its place -------------------------------------------------


async def settled(feed: FeedStore, last: int) -> int:
    """What is noted, once that has had time to become what a majority has."""
    clock = asyncio.get_running_loop().time
    until = clock() + 0.5
    while (mark := await feed.mark()).settled < last and clock() < until:
        await asyncio.sleep(0.01)
    return mark.settled


async def test_what_is_published_and_cleared_is_settled(
    feed: FeedStore, database: Database
) -> None:
    await write(database, an_event(), an_event())
    one = publisher(feed, database, "one")
    await one.run_once()
    assert await settled(feed, 2) == 2
    await write(database, an_event())
    await one.run_once()
    assert await settled(feed, 3) == 3
    assert (await feed.mark()).last == 3


async def test_nothing_is_settled_while_something_that_another_left_may_not_be_cleared(
    feed: FeedStore, database: Database
) -> None:
    await write(database, an_event())
    await publisher(feed, database, "first").run_once()
    left = an_event()
    await asyncio.sleep(LEASE_S * 1.5)
    fence = await Lease(database, PUBLISHER, "killed", LEASE_S).acquire()
    assert fence is not None
    await feed.append(fence, [left])  # and here the process died
    await asyncio.sleep(LEASE_S * 1.5)
    lease = Lease(database, PUBLISHER, "next", 60)
    slow = Publisher(feed, lease, ["things"], batch=1)
    for _ in range(3):
        await write(database, an_event())
        await slow.run_once()
    document = await write(database, left)
    assert await settled(feed, 2) == 1, "it may be anywhere among those that wait"
    for _ in range(3):
        await slow.run_once()
    assert await settled(feed, 5) == 5
    found = await database["things"].find_one({"_id": document})
    assert found is not None
    assert found["seq"] >= 2


async def test_a_publisher_that_finds_nothing_to_do_knows_that_all_is_settled(
    feed: FeedStore, database: Database
) -> None:
    event = an_event()
    await write(database, event)
    fence = await Lease(database, PUBLISHER, "killed", LEASE_S).acquire()
    assert fence is not None
    await feed.append(fence, [event])
    await feed.clear(await feed.promises(["things"], 10), 1)  # and here the process died
    assert (await feed.mark()).settled == 0
    await asyncio.sleep(LEASE_S * 1.5)
    await publisher(feed, database, "next").run_once()
    assert await settled(feed, 1) == 1


async def test_who_lost_the_lease_settles_nothing(feed: FeedStore, database: Database) -> None:
    old = await Lease(database, PUBLISHER, "sleeper", LEASE_S).acquire()
    assert old is not None
    await asyncio.sleep(LEASE_S * 1.5)
    await Lease(database, PUBLISHER, "next", 60).acquire()
    await feed.settle(old, 7)
    assert await settled(feed, 7) == 0
