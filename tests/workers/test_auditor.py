"""The auditor chains what staff did, once and in order, whatever dies and whoever else runs."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from smartcity.audit.chain import Chain
from smartcity.audit.heads import AuditHeads
from smartcity.audit.model import AuditEntry, Head
from smartcity.audit.store import AUDITOR, ENTRIES, INDEXES, AuditStore, HeadLost, HeadMoved
from smartcity.audit.verification import verify
from smartcity.clock import now
from smartcity.feed.event import Event, Internal, Topic
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.identifiers import new_id
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database
from workers.auditor import Auditor, FeedRewound

pytestmark = pytest.mark.anyio

SECRET = bytes(32)
CHAIN = Chain(SECRET)


class Nobody:
    """No staff accounts."""

    async def names(self, staff: Collection[UUID], /) -> Mapping[UUID, str]:
        return {}


class Slow(AuditStore):
    """Sleeps between reading and appending, so that whoever else runs comes between."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.pause = asyncio.Event()

    async def append(
        self, fence: int, before: Head, after: Head, entries: Sequence[AuditEntry]
    ) -> None:
        await self.pause.wait()
        await super().append(fence, before, after, entries)


class Dies(FeedStore):
    """Its process dies between the append and the place remembered."""

    async def remember(self, consumer: str, seq: int) -> None:
        raise asyncio.CancelledError


def auditor(
    database: Database,
    lease: Lease | None = None,
    store: AuditStore | None = None,
    feed: FeedStore | None = None,
) -> Auditor:
    store = store or AuditStore(database)
    return Auditor(
        feed or FeedStore(database),
        store,
        CHAIN,
        AuditHeads(store, ZoneInfo("Asia/Ho_Chi_Minh")),
        Nobody(),
        lease or Lease(database, AUDITOR, uuid4().hex, 30),
    )


async def tell(database: Database, count: int, party: str = "handler") -> list[UUID]:
    """Put events into the feed."""
    lease = Lease(database, PUBLISHER, uuid4().hex, 30)
    fence = await lease.acquire()
    assert fence is not None
    events = [
        Event(
            id=new_id(),
            topic=Topic.REPORT,
            action="receive",
            at=now(),
            subject=new_id(),
            internal=Internal(status="received", actor=new_id(), party=party),
        )
        for _ in range(count)
    ]
    await FeedStore(database).append(fence, events)
    await lease.release()
    return [event.id for event in events]


async def sources(database: Database) -> list[UUID]:
    return [d["source"] async for d in database[ENTRIES].find().sort("_id", 1)]


async def good(database: Database) -> int:
    """How many entries verify."""
    return (await verify(AuditStore(database), CHAIN)).count


async def test_entries_stand_in_the_order_of_the_feed(database: Database) -> None:
    told = await tell(database, 5)
    await tell(database, 5, party="reporter")
    told += await tell(database, 5, party="clock")
    one = auditor(database)
    assert await one.run_once() == 15
    assert await one.run_once() == 0
    assert await sources(database) == told
    assert await good(database) == 10


async def test_a_party_that_nobody_thought_of_is_audited(database: Database) -> None:
    told = await tell(database, 1, party="helper")
    await auditor(database).run_once()
    assert await sources(database) == told


async def test_death_between_the_append_and_the_place_repeats_nothing(database: Database) -> None:
    told = await tell(database, 5)
    lease = Lease(database, AUDITOR, "dying", 30)
    with pytest.raises(asyncio.CancelledError):
        await auditor(database, lease, feed=Dies(database)).run_once()
    await lease.release()
    told += await tell(database, 5)
    await auditor(database).run_once()
    assert await sources(database) == told
    assert await good(database) == 10


async def test_death_within_the_append_leaves_nothing_half_done(database: Database) -> None:
    told = await tell(database, 2)
    head, store = Head(), AuditStore(database)
    lease = Lease(database, AUDITOR, "dying", 30)
    fence = await lease.acquire()
    assert fence is not None
    twice = [_entry(1, told[0]), _entry(1, told[1])]
    with pytest.raises(Exception, match="duplicate key"):
        await store.append(fence, head, Head(count=2, mac=b"x", seq=2), twice)
    await lease.release()
    assert await store.head() == head
    await auditor(database).run_once()
    assert await sources(database) == told


def _entry(number: int, source: UUID) -> AuditEntry:
    return AuditEntry(
        number=number, source=source, at=now(), topic="report", action="receive", mac=b"x"
    )


async def test_a_former_lease_holder_that_wakes_up_appends_nothing(database: Database) -> None:
    told = await tell(database, 5)
    slow = Slow(database)
    sleeping = asyncio.create_task(
        auditor(database, Lease(database, AUDITOR, "sleeper", 0.3), slow).run_once()
    )
    async with asyncio.timeout(10):
        while await auditor(database).run_once() == 0:
            await asyncio.sleep(0.05)
    slow.pause.set()
    assert await sleeping == 0
    assert await sources(database) == told
    assert await good(database) == 5


async def test_two_who_both_believe_to_hold_the_lease_append_once(database: Database) -> None:
    told = await tell(database, 5)
    store = AuditStore(database)
    fence = await Lease(database, AUDITOR, "both", 30).acquire()
    assert fence is not None
    head, linked = Head(), CHAIN.link(Head().mac, [_entry(n, s) for n, s in enumerate(told, 1)])
    after = Head(count=5, mac=linked[-1].mac, seq=5)
    tries = [store.append(fence, head, after, linked) for _ in range(4)]
    failures = [e for e in await asyncio.gather(*tries, return_exceptions=True) if e is not None]
    assert len(failures) == 3
    assert all(isinstance(failure, HeadMoved) for failure in failures)
    assert await sources(database) == told
    assert await good(database) == 5


async def test_many_auditors_at_once_chain_each_event_once(database: Database) -> None:
    told: list[UUID] = []
    crew = [auditor(database, Lease(database, AUDITOR, f"{n}", 0.2)) for n in range(4)]

    async def work(one: Auditor) -> None:
        while len(told) < 200 or await good(database) < 200:
            await one.run_once()
            await asyncio.sleep(0.15)  # long enough to lose it now and then

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for one in crew:
            group.create_task(work(one))
        for _ in range(20):
            told += await tell(database, 10)
    assert await sources(database) == told


async def test_events_that_the_feed_has_lost_leave_an_entry_that_says_so(
    database: Database,
) -> None:
    told = await tell(database, 6)
    await database["feed"].delete_many({"_id": {"$in": [1, 2, 5]}})
    await auditor(database).run_once()
    entries = [d async for d in database[ENTRIES].find().sort("_id", 1)]
    assert [entry["action"] for entry in entries] == [
        "lost",
        "receive",
        "receive",
        "lost",
        "receive",
    ]
    assert entries[0]["details"] == {"first": "1", "last": "2"}
    assert entries[3]["details"] == {"first": "5", "last": "5"}
    assert entries[4]["source"] == told[5]
    assert await good(database) == 5


async def test_a_feed_that_ends_before_what_was_chained_is_not_gone_on_with(
    database: Database,
) -> None:
    await tell(database, 3)
    await auditor(database, lease := Lease(database, AUDITOR, "one", 30)).run_once()
    await lease.release()
    await database["feed"].delete_many({})
    await auditor(database, lease).run_once()  # an old feed may be empty: nothing was done for long
    await lease.release()
    await database["leases"].update_one({"_id": PUBLISHER}, {"$set": {"seq": 0}})
    with pytest.raises(FeedRewound):
        await auditor(database).run_once()


async def test_a_log_whose_head_is_gone_is_not_begun_anew(database: Database) -> None:
    await tell(database, 3)
    await auditor(database, lease := Lease(database, AUDITOR, "one", 30)).run_once()
    await lease.release()
    await database["leases"].update_one({"_id": AUDITOR}, {"$unset": {"head": ""}})
    with pytest.raises(HeadLost):
        await auditor(database).run_once()
    assert len(await sources(database)) == 3


async def test_what_was_cut_off_is_not_covered_up_by_what_follows(database: Database) -> None:
    await tell(database, 3)
    await auditor(database, lease := Lease(database, AUDITOR, "one", 30)).run_once()
    await database[ENTRIES].delete_one({"_id": 3})
    await tell(database, 2)
    await auditor(database, lease).run_once()
    with pytest.raises(Exception, match="from entry 3 on: it is missing"):
        await good(database)


async def test_the_feeds_lag_counts_the_auditor(database: Database) -> None:
    await tell(database, 3)
    await auditor(database).run_once()
    await tell(database, 4)
    assert await FeedStore(database).behind() == 4


def test_the_log_is_never_thinned_out() -> None:
    """Unlike the feed, whose events are dropped after 90 days."""
    indexes: list[Any] = [index.document for index in INDEXES[ENTRIES]]
    assert not [index for index in indexes if "expireAfterSeconds" in index]
