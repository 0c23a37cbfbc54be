"""The live stream: everything from where the listener stood, once and in order, or a reset."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from smartcity.clock import now
from smartcity.errors import Unavailable
from smartcity.feed import live as live_stream
from smartcity.feed.event import Event, PublicState, Topic
from smartcity.feed.live import Interest, LiveStream
from smartcity.feed.store import PUBLISHER, FeedStore
from smartcity.feed.tail import FeedTail
from smartcity.identifiers import new_id
from smartcity.storage.leases import Lease
from smartcity.storage.mongo import Database

pytestmark = pytest.mark.anyio


class Stage:
    """A feed, its tail and its stream, in one process."""

    def __init__(self, database: Database, limit: int = 10) -> None:
        self.feed = FeedStore(database)
        self.tail = FeedTail(self.feed)
        self.live = LiveStream(self.feed, self.tail, limit)
        self.tail.listen(self.live.take)
        self._lease = Lease(database, PUBLISHER, "stage", 60)

    async def start(self) -> "Stage":
        await self.tail.start()
        self.live.start()
        return self

    async def happen(self, *units: str | None) -> None:
        """One event a unit; none for what is not public."""
        await self.tell(*(_event(unit) for unit in units))

    async def tell(self, *events: Event) -> None:
        fence = await self._lease.hold()
        assert fence is not None
        await self.feed.append(fence, list(events))
        await self.tail.run_once()

    async def hear(
        self, count: int, last_event_id: str | None = None, **interest: Any
    ) -> list[tuple[str, str]]:
        """The first `count` messages, as (event, id)."""
        heard: list[tuple[str, str]] = []
        stream = self.live.listen(Interest(**interest), last_event_id)
        async with aclosing(stream), asyncio.timeout(5):
            async for text in stream:
                heard += _messages(text.decode())
                if len(heard) >= count:
                    break
        return heard


def _event(unit: str | None) -> Event:
    report = new_id()
    public = PublicState(id=report, version=1, status="received", unit=unit)
    return Event(
        id=new_id(),
        topic=Topic.REPORT,
        action="receive",
        at=now(),
        subject=report,
        public=public if unit is not None else None,
    )


def _messages(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines["id"]))
    return found


async def test_a_listener_hears_what_happens_from_now_on(database: Database) -> None:
    stage = await Stage(database).start()
    await stage.happen("a")
    hearing = asyncio.create_task(stage.hear(2))
    await asyncio.sleep(0.05)
    await stage.happen("b", "c")
    epoch = stage.tail.epoch
    assert await hearing == [("report", f"{epoch}-2"), ("report", f"{epoch}-3")]


async def test_a_listener_that_comes_back_misses_nothing_and_hears_nothing_twice(
    database: Database,
) -> None:
    stage = await Stage(database).start()
    await stage.happen(*"abcdef")
    epoch = stage.tail.epoch
    heard = await stage.hear(4, f"{epoch}-2")
    assert [i for _, i in heard] == [f"{epoch}-{seq}" for seq in (3, 4, 5, 6)]


async def test_what_happened_before_this_process_began_comes_from_the_log(
    database: Database,
) -> None:
    before = await Stage(database).start()
    await before.happen(*"abc")
    stage = await Stage(database).start()
    epoch = stage.tail.epoch
    hearing = asyncio.create_task(stage.hear(4, f"{epoch}-1"))
    await asyncio.sleep(0.05)
    await before.happen("d", "e")
    await stage.tail.run_once()
    assert [i for _, i in await hearing] == [f"{epoch}-{seq}" for seq in (2, 3, 4, 5)]


async def test_a_listener_knows_where_it_stands_before_anything_happens(database: Database) -> None:
    """Cut off before its first event, it can come back to where it was."""
    stage = await Stage(database).start()
    await stage.happen("a")
    stream = stage.live.listen(Interest(), None)
    async with aclosing(stream):
        assert (await anext(stream)).decode() == f"retry: 2000\nid: {stage.tail.epoch}-1\n\n"


async def test_a_position_from_a_process_that_is_ahead_is_waited_for(database: Database) -> None:
    """Two processes follow the same feed; a listener that is moved from one to the other may have
    heard what the other has still to read.
    """
    behind = await Stage(database).start()
    ahead = await Stage(database).start()
    await ahead.happen("a", "b")
    epoch = behind.tail.epoch
    hearing = asyncio.create_task(behind.hear(1, f"{epoch}-2"))
    await asyncio.sleep(0.05)
    await behind.tail.run_once()
    await ahead.happen("c")
    await behind.tail.run_once()
    assert await hearing == [("report", f"{epoch}-3")]


async def test_nobody_is_listened_to_before_it_is_known_where_the_feed_stands(
    database: Database,
) -> None:
    stage = Stage(database)
    with pytest.raises(Unavailable):
        stage.live.admit()
    await stage.start()
    stage.live.admit()


async def test_what_is_not_public_is_not_heard(database: Database) -> None:
    stage = await Stage(database).start()
    await stage.happen("a", None, "b")
    heard = await stage.hear(2, f"{stage.tail.epoch}-0")
    assert [i.rpartition("-")[2] for _, i in heard] == ["1", "3"]


async def test_a_listener_hears_only_what_it_asked_for(database: Database) -> None:
    stage = await Stage(database).start()
    await stage.happen(*"abab")
    heard = await stage.hear(2, f"{stage.tail.epoch}-0", unit=frozenset({"b"}))
    assert [i.rpartition("-")[2] for _, i in heard] == ["2", "4"]


@pytest.mark.parametrize("gone", ["OLD-1", "nonsense", "-", "{epoch}-999", "{epoch}-x"])
async def test_a_position_of_another_life_is_answered_with_a_reset(
    database: Database, gone: str
) -> None:
    stage = await Stage(database).start()
    await stage.happen("a")
    epoch = stage.tail.epoch
    assert await stage.hear(1, gone.format(epoch=epoch)) == [("reset", f"{epoch}-1")]


async def test_a_position_behind_what_is_kept_is_answered_with_a_reset(database: Database) -> None:
    before = await Stage(database).start()
    await before.happen(*"abc")
    await database["feed"].delete_many({"_id": {"$lte": 2}})
    stage = await Stage(database).start()
    epoch = stage.tail.epoch
    assert await stage.hear(1, f"{epoch}-1") == [("reset", f"{epoch}-3")]
    assert await stage.hear(1, f"{epoch}-2") == [("report", f"{epoch}-3")]


async def test_one_listener_too_many_is_told_to_come_back(database: Database) -> None:
    stage = await Stage(database, limit=1).start()
    stage.live.admit()
    listening = asyncio.create_task(stage.hear(1))
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable) as refusal:
        stage.live.admit()
    assert refusal.value.retry_after_s
    await stage.happen("a")
    await listening
    stage.live.admit()


async def test_a_silent_stream_says_where_it_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_stream, "HEARTBEAT_S", 0.05)
    stage = await Stage(database).start()
    await stage.happen("a")
    assert await stage.hear(1) == [("heartbeat", f"{stage.tail.epoch}-1")]


async def test_what_left_the_public_is_gone_for_every_listener_and_only_its_id_is_told(
    database: Database,
) -> None:
    stage = await Stage(database).start()
    before = f"{stage.tail.epoch}-{stage.tail.seq}"
    report = new_id()
    await stage.tell(
        Event(
            id=new_id(), topic=Topic.REPORT, action="correct", at=now(), subject=report, gone=True
        )
    )
    stream = stage.live.listen(Interest(unit=frozenset({"elsewhere"})), before)
    async with aclosing(stream), asyncio.timeout(5):
        heard = b""
        while b"data: " not in heard:
            heard += await anext(stream)
    assert b"event: gone" in heard
    assert f'data: {{"topic":"report","id":"{report}"}}'.encode() in heard


@pytest.mark.parametrize(
    ("units", "everywhere", "heard"),
    [(("1", "2"), False, True), (("2",), False, False), ((), True, True)],
)
def test_who_listens_for_a_unit_hears_of_the_alerts_for_it(
    units: tuple[str, ...], everywhere: bool, heard: bool
) -> None:
    alert = PublicState(id=new_id(), version=2, status="issued", units=units, everywhere=everywhere)
    assert Interest(unit=frozenset({"1"})).holds(alert) is heard
    assert Interest().holds(alert)
